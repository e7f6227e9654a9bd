//! People: the list, adding and changing by hand, and CSV with a preview.

use super::{
    Portal,
    accounts::is_email,
    csv::{
        lines::{self, LONGEST, one_line},
        people as csv_people,
    },
};
use crate::clock::new_id;
use async_trait::async_trait;
use contract::{
    Caller, Code, Fault, FieldFault, Page, PageQuery, Permission, PersonId,
    csv::CsvPreview,
    people::{People, PersonDetail, PersonForm, PersonQuery, PersonRow, Source},
};
use serde_json::json;
use store::{
    StoreError,
    devices::Import,
    import::Line,
    people::{DirectoryFacts, NewPerson},
};

/// So many are offered whom a search may mean.
const MEANT: u16 = 5;

/// The form with each text on one line, without blanks around it; who has no name is called by the user name.
pub fn tidied(form: PersonForm) -> PersonForm {
    let text = |text: String| one_line(&text);
    let user_name = text(form.user_name);
    let name = text(form.name);
    PersonForm {
        name: if name.is_empty() { user_name.clone() } else { name },
        user_name,
        email: text(form.email),
        managed_apple_account: text(form.managed_apple_account),
        department: text(form.department),
        active: form.active,
    }
}

/// What is wrong with a form that is [`tidied`].
pub fn problems(form: &PersonForm) -> Vec<FieldFault> {
    let mut fields = Vec::new();
    let mut wrong = |field: &str, code| {
        fields.push(FieldFault {
            field: field.into(),
            code,
        })
    };
    if form.user_name.is_empty() {
        wrong("user_name", Code::Required);
    }
    for (field, text) in [
        ("user_name", &form.user_name),
        ("name", &form.name),
        ("department", &form.department),
    ] {
        if text.chars().count() > LONGEST {
            wrong(field, Code::TooLong);
        }
    }
    for (field, address) in [
        ("email", &form.email),
        ("managed_apple_account", &form.managed_apple_account),
    ] {
        if !address.is_empty() && !is_email(address) {
            wrong(field, Code::EmailInvalid);
        }
    }
    fields
}

/// The form [`tidied`], if nothing is wrong with it.
pub fn checked(form: PersonForm) -> Result<PersonForm, Fault> {
    let form = tidied(form);
    match problems(&form) {
        wrong if wrong.is_empty() => Ok(form),
        wrong => Err(Fault::fields(wrong)),
    }
}

fn taken(error: StoreError) -> Fault {
    match error {
        StoreError::Taken(Code::UserNameTaken) => Fault::field("user_name", Code::UserNameTaken),
        other => other.into(),
    }
}

#[async_trait]
impl People for Portal {
    async fn list(&self, caller: &Caller, query: PersonQuery) -> Result<Page<PersonRow>, Fault> {
        caller.need(Permission::ViewPeople)?;
        Ok(self.db.person_list(&query).await?)
    }

    async fn detail(&self, caller: &Caller, id: &PersonId) -> Result<PersonDetail, Fault> {
        caller.need(Permission::ViewPeople)?;
        let row = self.db.person_row(id).await?;
        let person = self.db.person(id).await?;
        let held = if caller.may(Permission::RevokeLicenses) {
            self.db.held_by_person(id).await?.len()
        } else {
            0
        };
        Ok(PersonDetail {
            row,
            held: i64::try_from(held).unwrap_or(i64::MAX),
            source: person.source,
            version: person.version,
            changed_at: person.changed_at,
            devices: self.db.person_devices(id, PersonDetail::MOST).await?,
            groups: self.db.groups_of(id.as_str(), PersonDetail::MOST).await?,
        })
    }

    async fn meant(
        &self,
        caller: &Caller,
        person: Option<PersonId>,
        search: String,
    ) -> Result<Vec<(PersonId, String)>, Fault> {
        caller.need(Permission::ViewPeople)?;
        if let Some(person) = person {
            return Ok(self.db.people_names(&[person]).await?);
        }
        if search.trim().is_empty() {
            return Ok(Vec::new());
        }
        let query = PersonQuery {
            search,
            page: PageQuery {
                rows: Some(MEANT),
                uncounted: true,
                ..PageQuery::default()
            },
            ..PersonQuery::default()
        };
        let found = self.db.person_list(&query).await?;
        Ok(found.rows.into_iter().map(|row| (row.id, row.name)).collect())
    }

    async fn add(&self, caller: &Caller, form: PersonForm) -> Result<PersonId, Fault> {
        caller.need(Permission::ManagePeople)?;
        let now = self.clock.now();
        let person = NewPerson {
            id: PersonId(new_id(now)),
            form: checked(form)?,
            directory: DirectoryFacts::default(),
            source: Source::Manual,
        };
        let details = json!({ "user_name": person.form.user_name });
        let insert = async { self.db.insert_person(&person, now).await.map_err(taken) };
        self.audited(caller, "people.add", person.id.as_str(), details, insert)
            .await?;
        Ok(person.id)
    }

    async fn change(
        &self,
        caller: &Caller,
        id: &PersonId,
        form: PersonForm,
        expected: Option<i64>,
    ) -> Result<(), Fault> {
        caller.need(Permission::ManagePeople)?;
        let form = checked(form)?;
        let before = self.db.person(id).await?.form;
        let now = self.clock.now();
        let details = json!({ "before": before, "after": form });
        let change = self.db.change_person(id, &form, None, expected, now);
        let change = async { change.await.map_err(taken) };
        self.audited(caller, "people.change", id.as_str(), details, change)
            .await
    }

    async fn preview_csv(&self, caller: &Caller, text: &str) -> Result<CsvPreview, Fault> {
        caller.need(Permission::ManagePeople)?;
        self.people_csv(text, None).await
    }

    async fn import_csv(&self, caller: &Caller, text: &str) -> Result<CsvPreview, Fault> {
        caller.need(Permission::ManagePeople)?;
        self.people_csv(text, Some(caller)).await
    }
}

impl Portal {
    /// A preview, or what somebody's import did.
    async fn people_csv(&self, text: &str, importer: Option<&Caller>) -> Result<CsvPreview, Fault> {
        let read = csv_people::read(text)?;
        let now = self.clock.now();
        let lines: Vec<_> = read
            .good
            .into_iter()
            .map(|line| Line {
                number: line.number,
                id: PersonId(new_id(now)),
                form: line.form,
                says: line.says,
            })
            .collect();
        let imported = match importer {
            None => self.db.import_person_lines(&lines, now, Import::Preview).await?,
            Some(caller) => {
                let details = json!({ "lines": lines.len(), "bad": read.bad.lines });
                let import = self.db.import_person_lines(&lines, now, Import::Write);
                self.audited(caller, "people.import", "csv", details, import)
                    .await?
            }
        };
        Ok(lines::preview(
            &imported,
            (read.bad, read.ignored),
            &lines,
            csv_people::NAMES,
            csv_people::cells,
        ))
    }
}
