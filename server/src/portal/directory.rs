//! What a directory does through SCIM: permission is its token, and each change has its audit line.

use super::{Portal, client, first_named, people::checked};
use crate::{clock::new_id, secrets};
use contract::{
    Code, Fault, GroupId, PersonId, UnixMillis,
    groups::{GroupKind, GroupRow},
    people::{PersonForm, Source},
    scim::ScimTokenRow,
};
use serde_json::{Value, json};
use store::{
    audit::AuditLine,
    groups::{Group, GroupEdit, MembersEdit, NewGroup},
    people::{DirectoryFacts, NewPerson, Person},
    scim::{Filter, Found, GroupField, PersonField, Slice},
};

/// A directory that has shown its token.
#[derive(Clone)]
pub struct Directory {
    portal: Portal,
    token: ScimTokenRow,
}

impl Portal {
    /// [`Code::SignInNeeded`] if there is no such token.
    pub async fn directory(&self, secret: &str) -> Result<Directory, Fault> {
        let hash = secrets::digest(secret.as_bytes());
        let token = self.db.use_scim_token(&hash, self.clock.now()).await?;
        Ok(Directory {
            portal: self.clone(),
            token: token.ok_or(Code::SignInNeeded)?,
        })
    }
}

impl Directory {
    fn now(&self) -> UnixMillis {
        self.portal.clock.now()
    }

    /// As [`Portal::audited`].
    async fn audited<T, E>(
        &self,
        action: &str,
        object: &str,
        details: Value,
        act: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Fault>
    where
        Fault: From<E>,
    {
        let line = self.line(action, object, details);
        self.portal.with_line(line, act).await
    }

    fn line(&self, action: &str, object: &str, details: Value) -> AuditLine {
        AuditLine {
            at: self.now(),
            account: None,
            actor: format!("SCIM: {}", self.token.name),
            address: client::address(),
            action: action.to_owned(),
            object: object.to_owned(),
            details,
        }
    }

    pub async fn find_people(
        &self,
        filter: Option<&Filter<PersonField>>,
        slice: Slice,
    ) -> Result<Found<Person>, Fault> {
        Ok(self.portal.db.find_people(filter, slice).await?)
    }

    pub async fn person(&self, id: &PersonId) -> Result<Person, Fault> {
        Ok(self.portal.db.person(id).await?)
    }

    /// The groups that a person is in, at most so many.
    pub async fn groups_of(&self, id: &PersonId) -> Result<Vec<GroupRow>, Fault> {
        Ok(self.portal.db.groups_of(id.as_str(), 1_000).await?)
    }

    pub async fn add_person(&self, form: PersonForm, facts: DirectoryFacts) -> Result<Person, Fault> {
        let now = self.now();
        let person = NewPerson {
            id: PersonId(new_id(now)),
            form: checked(form)?,
            directory: facts,
            source: Source::Scim,
        };
        let details = json!({ "user_name": person.form.user_name });
        let insert = self.portal.db.insert_person(&person, now);
        self.audited("people.add", person.id.as_str(), details, insert)
            .await?;
        self.person(&person.id).await
    }

    pub async fn change_person(
        &self,
        before: &Person,
        form: PersonForm,
        facts: &DirectoryFacts,
        expected: Option<i64>,
    ) -> Result<Person, Fault> {
        let form = checked(form)?;
        let details = json!({ "before": before.form, "after": form });
        let change = self
            .portal
            .db
            .change_person(&before.id, &form, Some(facts), expected, self.now());
        self.audited("people.change", before.id.as_str(), details, change)
            .await?;
        self.person(&before.id).await
    }

    pub async fn delete_person(&self, id: &PersonId, expected: Option<i64>) -> Result<(), Fault> {
        let before = self.person(id).await?;
        let details = json!({ "before": before.form });
        let delete = self.portal.db.delete_person(id, expected, self.now());
        self.audited("people.delete", id.as_str(), details, delete).await
    }

    pub async fn find_groups(
        &self,
        filter: Option<&Filter<GroupField>>,
        slice: Slice,
    ) -> Result<Found<Group>, Fault> {
        Ok(self.portal.db.find_groups(filter, slice).await?)
    }

    /// [`Code::NotFound`] for groups of devices and those by rule, which SCIM does not know.
    pub async fn group(&self, id: &GroupId) -> Result<Group, Fault> {
        let group = self.portal.db.group(id).await?;
        match is_known(&group.row) {
            true => Ok(group),
            false => Err(Code::NotFound.into()),
        }
    }

    /// Who was put into the group: id and name.
    pub async fn members(&self, id: &GroupId) -> Result<Vec<(String, String)>, Fault> {
        Ok(self.portal.db.fixed_members(id).await?)
    }

    /// Those groups directly inside that SCIM knows.
    pub async fn inner(&self, id: &GroupId) -> Result<Vec<GroupRow>, Fault> {
        let mut inner = self.portal.db.inner_groups(id).await?;
        inner.retain(is_known);
        Ok(inner)
    }

    /// Those of the ids that no person has.
    pub async fn unknown(&self, ids: &[String]) -> Result<Vec<String>, Fault> {
        Ok(self.portal.db.unknown_people(ids).await?)
    }

    pub async fn add_group(
        &self,
        name: String,
        external_id: Option<String>,
        (members, inner): (Vec<String>, Vec<String>),
    ) -> Result<Group, Fault> {
        let now = self.now();
        let group = NewGroup {
            id: GroupId(new_id(now)),
            name,
            kind: GroupKind::People,
            rule: None,
            source: Source::Scim,
            external_id,
            members,
            inner,
        };
        let details =
            json!({ "name": group.name, "members": group.members.len(), "groups": group.inner.len() });
        let insert = self.portal.db.insert_group(&group, now);
        self.audited("groups.add", group.id.as_str(), details, insert)
            .await?;
        self.group(&group.id).await
    }

    pub async fn change_group(&self, before: &Group, edit: &GroupEdit) -> Result<Group, Fault> {
        let id = &before.row.id;
        let inside: Vec<GroupId> = self.inner(id).await?.into_iter().map(|row| row.id).collect();
        let details = json!({
            "before": {
                "name": before.row.name, "members": before.row.members, "groups": first_named(&inside),
            },
            "asked": { "name": edit.name, "members": asked(&edit.members), "groups": asked(&edit.inner) },
        });
        let change = self.portal.db.change_group(id, edit, self.now());
        self.audited("groups.change", id.as_str(), details, change)
            .await?;
        self.group(id).await
    }

    pub async fn delete_group(&self, id: &GroupId, expected: Option<i64>) -> Result<(), Fault> {
        let group = self.group(id).await?;
        let details = json!({ "name": group.row.name });
        let delete = self.portal.drop_group(id, expected);
        self.audited("groups.delete", id.as_str(), details, delete).await
    }
}

/// How many each edit names, and the first of them.
fn asked(edits: &[MembersEdit]) -> Vec<Value> {
    let asked = |edit: &MembersEdit| {
        let (verb, ids) = match edit {
            MembersEdit::Add(ids) => ("add", ids),
            MembersEdit::Remove(ids) => ("remove", ids),
            MembersEdit::Set(ids) => ("set", ids),
        };
        json!({ "what": verb, "named": ids.len(), "ids": first_named(ids) })
    };
    edits.iter().map(asked).collect()
}

/// Groups of devices and those by rule SCIM does not know.
fn is_known(group: &GroupRow) -> bool {
    group.kind == GroupKind::People && group.rule.is_none()
}
