//! Groups of people or of devices (D2).

use super::{Portal, csv::lines::LONGEST, first_named};
use crate::clock::new_id;
use app::groups::{built_in_called, value_called};
use async_trait::async_trait;
use contract::{
    Caller, Code, Fault, GroupId, Page, PageQuery, Permission,
    groups::{
        Added, Attribute, Comparison, Condition, GroupDetail, GroupForm, GroupKind, GroupQuery, GroupRow,
        Groups, MemberRow, Rule, RulePreview,
    },
    people::Source,
};
use serde_json::json;
use std::collections::HashSet;
use store::{
    StoreError, composed, fold,
    groups::{GroupEdit, MembersEdit, NewGroup},
};

fn checked_name(name: &str) -> Result<String, Fault> {
    let name = name.replace('\0', "").trim().to_owned();
    match name.chars().count() {
        0 => Err(Fault::field("name", Code::Required)),
        count if count > LONGEST => Err(Fault::field("name", Code::TooLong)),
        _ => Ok(name),
    }
}

/// With the value as it is stored, which people may write as they read it on a device's page.
fn stored(mut condition: Condition) -> Result<Condition, Fault> {
    let few = matches!(
        condition.attribute,
        Attribute::Platform
            | Attribute::Ownership
            | Attribute::Enrolment
            | Attribute::Supervised
            | Attribute::Kiosk
            | Attribute::StoreBlocked
    );
    if few && matches!(condition.comparison, Comparison::Equals | Comparison::Not) {
        let written = fold(&condition.value);
        let value = value_called(condition.attribute, |word| fold(word) == written);
        condition.value = value.ok_or_else(|| Fault::field("rule", Code::RuleValueUnknown))?;
    }
    Ok(condition)
}

fn checked_rule(kind: GroupKind, rule: Rule) -> Result<Rule, Fault> {
    let wrong = |code| Err(Fault::field("rule", code));
    if rule.conditions.is_empty() {
        return wrong(Code::RuleEmpty);
    }
    let fits = rule.conditions.iter().all(|condition| {
        let has_value = condition.comparison == Comparison::IsEmpty || !condition.value.trim().is_empty();
        condition.attribute.is_of(kind) && has_value && condition.value.chars().count() <= LONGEST
    });
    if !fits || rule.conditions.len() > Rule::MOST {
        return wrong(Code::RuleInvalid);
    }
    let conditions = rule.conditions.into_iter().map(stored);
    Ok(Rule {
        join: rule.join,
        conditions: conditions.collect::<Result<_, _>>()?,
    })
}

fn taken(error: StoreError) -> Fault {
    match error {
        StoreError::Taken(Code::NameTaken) => Fault::field("name", Code::NameTaken),
        other => other.into(),
    }
}

/// Names as people paste them, each once. User names can hold blanks, serial numbers cannot.
fn pasted(kind: GroupKind, text: &str) -> Vec<String> {
    let mut seen = HashSet::new();
    let between = |sign: char| {
        matches!(sign, '\n' | '\r' | '\t' | ',' | ';') || kind == GroupKind::Devices && sign.is_whitespace()
    };
    text.split(between)
        .map(|name| name.trim().trim_matches('"').trim())
        .filter(|name| !name.is_empty() && seen.insert(fold(name)))
        .map(str::to_owned)
        .collect()
}

/// Who is meant by pasted names, and which of them nobody has.
struct Named {
    ids: Vec<String>,
    unknown: Vec<String>,
}

impl Portal {
    async fn members_by_name(&self, kind: GroupKind, text: &str) -> Result<Named, Fault> {
        let names = pasted(kind, text);
        let found = self.db.members_named(kind, &names).await?;
        let known: HashSet<_> = found.iter().map(|(name, _)| name.as_str()).collect();
        let unknown = names
            .iter()
            .filter(|name| !known.contains(name.as_str()))
            .take(Added::MOST)
            .cloned()
            .collect();
        Ok(Named {
            unknown,
            ids: found.into_iter().map(|(_, id)| id).collect(),
        })
    }

    /// Deletes it; a refusal names what is assigned to it.
    pub(super) async fn drop_group(&self, id: &GroupId, expected: Option<i64>) -> Result<(), Fault> {
        match self.db.delete_group(id, expected, self.clock.now()).await {
            Err(StoreError::Refused(Code::GroupInUse)) => {
                let uses = self.db.group_uses(id).await?;
                let names: Vec<_> = uses.into_iter().map(|one| one.asset_name).collect();
                Err(Fault::new(Code::GroupInUse).with("apps", names.join(", ")))
            }
            other => Ok(other?),
        }
    }

    /// The group, unless it is one that stays as it is.
    async fn own_group(&self, id: &GroupId) -> Result<GroupRow, Fault> {
        let row = self.db.group(id).await?.row;
        match row.built_in {
            Some(_) => Err(Code::GroupBuiltIn.into()),
            None => Ok(row),
        }
    }
}

#[async_trait]
impl Groups for Portal {
    async fn list(&self, caller: &Caller, query: GroupQuery) -> Result<Page<GroupRow>, Fault> {
        caller.need(Permission::ViewGroups)?;
        Ok(self.db.group_list(&query).await?)
    }

    async fn detail(&self, caller: &Caller, id: &GroupId) -> Result<GroupDetail, Fault> {
        caller.need(Permission::ViewGroups)?;
        let group = self.db.group(id).await?;
        Ok(GroupDetail {
            row: group.row,
            version: group.version,
            changed_at: group.changed_at,
            inner: self.db.inner_groups(id).await?,
            outer: self.db.outer_groups(id).await?,
            uses: self.db.group_uses(id).await?,
        })
    }

    async fn members(
        &self,
        caller: &Caller,
        id: &GroupId,
        page: PageQuery,
    ) -> Result<Page<MemberRow>, Fault> {
        caller.need(Permission::ViewGroups)?;
        Ok(self.db.group_members(id, &page).await?)
    }

    async fn preview(&self, caller: &Caller, kind: GroupKind, rule: Rule) -> Result<RulePreview, Fault> {
        caller.need(Permission::ManageGroups)?;
        let rule = checked_rule(kind, rule)?;
        Ok(self.db.rule_preview(kind, &rule).await?)
    }

    async fn add(&self, caller: &Caller, form: GroupForm) -> Result<(GroupId, Added), Fault> {
        caller.need(Permission::ManageGroups)?;
        let name = checked_name(&form.name)?;
        let rule = form.rule.map(|rule| checked_rule(form.kind, rule)).transpose()?;
        let named = match &rule {
            Some(_) => None,
            None => Some(self.members_by_name(form.kind, &form.members).await?),
        };
        let named = named.unwrap_or(Named {
            ids: Vec::new(),
            unknown: Vec::new(),
        });
        let now = self.clock.now();
        let group = NewGroup {
            id: GroupId(new_id(now)),
            name,
            kind: form.kind,
            rule,
            source: Source::Manual,
            external_id: None,
            members: named.ids,
            inner: Vec::new(),
        };
        let insert = async { self.db.insert_group(&group, now).await.map_err(taken) };
        let details = json!({ "name": group.name, "kind": group.kind, "rule": group.rule, "members": group.members.len() });
        self.audited(caller, "groups.add", group.id.as_str(), details, insert)
            .await?;
        let added = Added {
            added: i64::try_from(group.members.len()).unwrap_or(i64::MAX),
            unknown: named.unknown,
        };
        Ok((group.id, added))
    }

    async fn change(
        &self,
        caller: &Caller,
        id: &GroupId,
        form: GroupForm,
        expected: Option<i64>,
    ) -> Result<(), Fault> {
        caller.need(Permission::ManageGroups)?;
        let before = self.own_group(id).await?;
        let name = checked_name(&form.name)?;
        // A group keeps what it is made of: it has a rule or it has none.
        let rule = match (&before.rule, form.rule) {
            (Some(_), Some(rule)) => Some(checked_rule(before.kind, rule)?),
            _ => None,
        };
        let edit = GroupEdit {
            name: Some(name),
            rule,
            expected,
            ..GroupEdit::default()
        };
        let details = json!({
            "before": { "name": before.name, "rule": before.rule },
            "after": { "name": edit.name, "rule": edit.rule },
        });
        let change = self.db.change_group(id, &edit, self.clock.now());
        let change = async { change.await.map_err(taken) };
        self.audited(caller, "groups.change", id.as_str(), details, change)
            .await?;
        Ok(())
    }

    async fn add_members(&self, caller: &Caller, id: &GroupId, text: &str) -> Result<Added, Fault> {
        caller.need(Permission::ManageGroups)?;
        let group = self.own_group(id).await?;
        if group.rule.is_some() {
            return Err(Code::GroupByRule.into());
        }
        let Named { ids, unknown } = self.members_by_name(group.kind, text).await?;
        if ids.is_empty() && unknown.is_empty() {
            return Err(Fault::field("members", Code::Required));
        }
        let mut added = 0;
        if !ids.is_empty() {
            let details = json!({ "named": ids.len(), "members": first_named(&ids) });
            let edit = GroupEdit {
                members: vec![MembersEdit::Add(ids)],
                ..GroupEdit::default()
            };
            let change = self.db.change_group(id, &edit, self.clock.now());
            added = self
                .audited(caller, "groups.add_members", id.as_str(), details, change)
                .await?;
        }
        Ok(Added { added, unknown })
    }

    async fn remove_member(&self, caller: &Caller, id: &GroupId, member: &str) -> Result<(), Fault> {
        caller.need(Permission::ManageGroups)?;
        if self.own_group(id).await?.rule.is_some() {
            return Err(Code::GroupByRule.into());
        }
        let edit = GroupEdit {
            members: vec![MembersEdit::Remove(vec![member.to_owned()])],
            ..GroupEdit::default()
        };
        let change = self.db.change_group(id, &edit, self.clock.now());
        let details = json!({ "member": member });
        self.audited(caller, "groups.remove_member", id.as_str(), details, change)
            .await?;
        Ok(())
    }

    async fn nest(&self, caller: &Caller, id: &GroupId, inner: &str) -> Result<(), Fault> {
        caller.need(Permission::ManageGroups)?;
        self.own_group(id).await?;
        let found = match self.db.group_named(inner).await? {
            Some(found) => found,
            None => {
                let called = |name: &str| fold(name) == fold(inner.trim());
                let built_in = built_in_called(called).next();
                let built_in = built_in.ok_or_else(|| Fault::field("inner", Code::GroupUnknown))?;
                self.db.group(&built_in.id()).await?.row
            }
        };
        let nest = async {
            let nested = self.db.nest_group(id, &found.id, self.clock.now()).await;
            nested.map_err(|error| match error {
                StoreError::Refused(code) => Fault::field("inner", code).with("group", &found.name),
                other => other.into(),
            })
        };
        let details = json!({ "inner": found.id });
        self.audited(caller, "groups.nest", id.as_str(), details, nest)
            .await
    }

    async fn unnest(&self, caller: &Caller, id: &GroupId, inner: &GroupId) -> Result<(), Fault> {
        caller.need(Permission::ManageGroups)?;
        self.own_group(id).await?;
        let unnest = self.db.unnest_group(id, inner, self.clock.now());
        let details = json!({ "inner": inner });
        self.audited(caller, "groups.unnest", id.as_str(), details, unnest)
            .await
    }

    async fn delete(&self, caller: &Caller, id: &GroupId, name: &str) -> Result<(), Fault> {
        caller.need(Permission::ManageGroups)?;
        let group = self.own_group(id).await?;
        if composed(name.trim().to_owned()) != composed(group.name.clone()) {
            return Err(Fault::field("confirm", Code::ConfirmationWrong));
        }
        let details = json!({ "name": group.name, "members": group.members });
        let delete = self.drop_group(id, None);
        self.audited(caller, "groups.delete", id.as_str(), details, delete)
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pasted_names_count_once_and_user_names_may_hold_blanks() {
        assert_eq!(
            pasted(GroupKind::People, "anna berg\n\"Bo\"; ANNA BERG,,\r\ncleo "),
            ["anna berg", "Bo", "cleo"]
        );
        assert_eq!(pasted(GroupKind::Devices, "C02 C03\nc02"), ["C02", "C03"]);
    }

    #[test]
    fn d2_a_rule_has_conditions_that_fit_its_kind() {
        let rule = |attribute: &str, comparison: &str, value: &str| {
            let list = |text: &str| vec![text.to_owned()];
            Rule::from_form(
                contract::groups::Join::All,
                &list(attribute),
                &list(comparison),
                &list(value),
            )
        };
        let code = |rule: Rule| checked_rule(GroupKind::People, rule).unwrap_err().fields[0].code;
        assert!(
            checked_rule(
                GroupKind::People,
                rule("email", "ends_with", "@a.example").unwrap()
            )
            .is_ok()
        );
        assert!(checked_rule(GroupKind::People, rule("email", "is_empty", "").unwrap()).is_ok());
        assert_eq!(code(rule("serial", "equals", "C02").unwrap()), Code::RuleInvalid);
        assert_eq!(code(rule("email", "contains", " ").unwrap()), Code::RuleInvalid);
        assert_eq!(code(rule("", "contains", "x").unwrap()), Code::RuleEmpty);
        assert_eq!(rule("email", "sounds_like", "x"), Err(Code::RuleInvalid));
    }

    #[test]
    fn d2_a_value_is_stored_by_its_code_however_people_write_it() {
        let checked = |attribute: Attribute, comparison: Comparison, value: &str| {
            let value = value.to_owned();
            let rule = Rule {
                conditions: vec![Condition {
                    attribute,
                    comparison,
                    value,
                }],
                ..Rule::default()
            };
            checked_rule(GroupKind::Devices, rule).map(|rule| rule.conditions[0].value.clone())
        };
        for (attribute, code, written) in [
            (Attribute::Platform, "ipados", ["iPadOS", " IPADOS "].as_slice()),
            (Attribute::Platform, "visionos", &["visionOS"]),
            (
                Attribute::Ownership,
                "corporate",
                &["Corporate", "Företagsägd", "zakelijk"],
            ),
            (
                Attribute::Ownership,
                "personal",
                &["Personal", "PERSONLIG", "Persoonlijk"],
            ),
            (Attribute::Enrolment, "device", &["device", "enhet", "Apparaat"]),
            (Attribute::Enrolment, "user", &["USER", "Användare", "gebruiker"]),
            (
                Attribute::Enrolment,
                "shared",
                &["shared", "Shared iPad", "Delad iPad", "gedeelde ipad"],
            ),
            (Attribute::Supervised, "yes", &["Yes", "JA", "true", "1"]),
            (Attribute::Kiosk, "no", &["No", "nej", "Nee", "FALSE", "0"]),
            (Attribute::StoreBlocked, "yes", &["yes", "ja", "True"]),
        ] {
            for written in [code].iter().chain(written) {
                for comparison in [Comparison::Equals, Comparison::Not] {
                    assert_eq!(
                        checked(attribute, comparison, written).unwrap(),
                        code,
                        "{written}"
                    );
                }
            }
            let refused = checked(attribute, Comparison::Not, "maybe").unwrap_err();
            assert_eq!(refused, Fault::field("rule", Code::RuleValueUnknown));
            // A part of a word is no value.
            assert_eq!(checked(attribute, Comparison::Contains, "o").unwrap(), "o");
        }
        let free = checked(Attribute::Model, Comparison::Equals, "iPad Air").unwrap();
        assert_eq!(free, "iPad Air");
    }
}
