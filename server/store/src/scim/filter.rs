//! A filter as data, and as SQL for both databases.

use crate::text::{fold, storable};
use sqlx::{Database, Encode, QueryBuilder, Type};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter<F> {
    And(Box<Filter<F>>, Box<Filter<F>>),
    Or(Box<Filter<F>>, Box<Filter<F>>),
    Not(Box<Filter<F>>),
    Compare(F, Compare, Value),
    Present(F),
    /// Nothing is like that.
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    Eq,
    Ne,
    Co,
    Sw,
    Ew,
    Gt,
    Ge,
    Lt,
    Le,
}

/// What is compared with, of the type that the field is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Flag(bool),
    Moment(i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonField {
    Id,
    UserName,
    DisplayName,
    GivenName,
    FamilyName,
    ExternalId,
    Email,
    Active,
    Created,
    Modified,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupField {
    Id,
    DisplayName,
    ExternalId,
    /// The id of whoever was put into it, and of groups inside.
    Member,
    /// Of people alone.
    MemberUser,
    /// Of groups alone, as far as a directory knows them: of people, and without a rule.
    MemberGroup,
    Created,
    Modified,
}

/// What a field is in a table.
#[derive(Clone, Copy, Debug)]
pub enum Column {
    /// As it is written.
    Exact(&'static str),
    /// Folded, so that case does not matter.
    Folded(&'static str),
    /// May be NULL.
    Optional(&'static str),
    Flag(&'static str),
    Moment(&'static str),
    Members(&'static [Members]),
}

/// A kind of a group's members.
#[derive(Clone, Copy, Debug)]
pub enum Members {
    Users,
    Groups,
}

impl Members {
    /// Where they stand, and their id there.
    fn stand(self) -> (&'static str, &'static str) {
        match self {
            Members::Users => ("group_fixed m", "m.member"),
            Members::Groups => (
                "group_nested m JOIN groups i ON i.id = m.inner_id AND i.kind = 0 AND i.rule IS NULL",
                "m.inner_id",
            ),
        }
    }
}

pub trait Field: Copy + Send + Sync {
    fn column(self) -> Column;
}

impl Field for PersonField {
    /// Of `people p`.
    fn column(self) -> Column {
        match self {
            PersonField::Id => Column::Exact("p.id"),
            PersonField::UserName => Column::Folded("p.user_name_key"),
            PersonField::DisplayName => Column::Folded("p.sort_name"),
            PersonField::GivenName => Column::Folded("p.given_name_key"),
            PersonField::FamilyName => Column::Folded("p.family_name_key"),
            PersonField::ExternalId => Column::Optional("p.external_id"),
            PersonField::Email => Column::Folded("p.email_key"),
            PersonField::Active => Column::Flag("p.active"),
            PersonField::Created => Column::Moment("p.created_at"),
            PersonField::Modified => Column::Moment("p.changed_at"),
        }
    }
}

impl Field for GroupField {
    /// Of `groups g`.
    fn column(self) -> Column {
        match self {
            GroupField::Id => Column::Exact("g.id"),
            GroupField::DisplayName => Column::Folded("g.sort_name"),
            GroupField::ExternalId => Column::Optional("g.external_id"),
            GroupField::Member => Column::Members(&[Members::Users, Members::Groups]),
            GroupField::MemberUser => Column::Members(&[Members::Users]),
            GroupField::MemberGroup => Column::Members(&[Members::Groups]),
            GroupField::Created => Column::Moment("g.created_at"),
            GroupField::Modified => Column::Moment("g.changed_at"),
        }
    }
}

/// Where the databases differ.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// The function that finds a text in another: `instr` or `strpos`.
    pub position: &'static str,
}

/// The filter as a condition. It is never NULL, so that its opposite is true wherever it is not.
pub fn push_filter<'t, DB: Database, F: Field>(
    sql: &mut QueryBuilder<DB>,
    filter: &Filter<F>,
    dialect: Dialect,
) where
    i64: Encode<'t, DB> + Type<DB>,
    bool: Encode<'t, DB> + Type<DB>,
    String: Encode<'t, DB> + Type<DB>,
{
    match filter {
        Filter::And(left, right) | Filter::Or(left, right) => {
            let word = if matches!(filter, Filter::And(..)) {
                " AND "
            } else {
                " OR "
            };
            sql.push("(");
            push_filter(sql, left, dialect);
            sql.push(word);
            push_filter(sql, right, dialect);
            sql.push(")");
        }
        Filter::Not(inner) => {
            sql.push("NOT (");
            push_filter(sql, inner, dialect);
            sql.push(")");
        }
        Filter::Never => {
            sql.push("1 = 0");
        }
        Filter::Present(field) => {
            sql.push(match field.column() {
                Column::Flag(_) | Column::Moment(_) => "1 = 1".to_owned(),
                Column::Members(kinds) => {
                    let there = kinds.iter().map(|kind| {
                        let (from, _) = kind.stand();
                        format!("EXISTS (SELECT 1 FROM {from} WHERE m.group_id = g.id)")
                    });
                    format!("({})", there.collect::<Vec<_>>().join(" OR "))
                }
                Column::Optional(column) => format!("{column} IS NOT NULL"),
                Column::Exact(column) | Column::Folded(column) => format!("{column} <> ''"),
            });
        }
        Filter::Compare(field, compare, value) => push_compare(sql, field.column(), *compare, value, dialect),
    }
}

fn push_compare<'t, DB: Database>(
    sql: &mut QueryBuilder<DB>,
    column: Column,
    compare: Compare,
    value: &Value,
    dialect: Dialect,
) where
    i64: Encode<'t, DB> + Type<DB>,
    bool: Encode<'t, DB> + Type<DB>,
    String: Encode<'t, DB> + Type<DB>,
{
    let sign = match compare {
        Compare::Ne => " <> ",
        Compare::Gt => " > ",
        Compare::Ge => " >= ",
        Compare::Lt => " < ",
        Compare::Le => " <= ",
        Compare::Eq | Compare::Co | Compare::Sw | Compare::Ew => " = ",
    };
    match (column, value) {
        (Column::Flag(column), Value::Flag(flag)) => {
            sql.push(format!("{column}{sign}")).push_bind(*flag);
        }
        (Column::Moment(column), Value::Moment(at)) => {
            sql.push(format!("{column}{sign}")).push_bind(*at);
        }
        (Column::Exact(column), Value::Text(text)) => {
            push_text(sql, column, compare, sign, storable(text), dialect)
        }
        (Column::Folded(column), Value::Text(text)) => {
            push_text(sql, column, compare, sign, fold(text), dialect)
        }
        (Column::Optional(column), Value::Text(text)) if compare == Compare::Ne => {
            sql.push("NOT (");
            push_compare(
                sql,
                Column::Optional(column),
                Compare::Eq,
                &Value::Text(text.clone()),
                dialect,
            );
            sql.push(")");
        }
        (Column::Optional(column), Value::Text(text)) => {
            sql.push(format!("({column} IS NOT NULL AND "));
            push_text(sql, column, compare, sign, storable(text), dialect);
            sql.push(")");
        }
        (Column::Members(kinds), Value::Text(text)) if compare == Compare::Eq => {
            // From the member's side: a group can have very many.
            for (i, kind) in kinds.iter().enumerate() {
                let (from, id) = kind.stand();
                sql.push(if i == 0 { "g.id IN (" } else { " UNION ALL " });
                sql.push(format!("SELECT m.group_id FROM {from} WHERE {id} = "))
                    .push_bind(storable(text));
            }
            sql.push(")");
        }
        (Column::Members(kinds), Value::Text(text)) => {
            for (i, kind) in kinds.iter().enumerate() {
                let (from, id) = kind.stand();
                sql.push(if i == 0 { "(" } else { " OR " });
                sql.push(format!(
                    "EXISTS (SELECT 1 FROM {from} WHERE m.group_id = g.id AND "
                ));
                push_text(sql, id, compare, sign, storable(text), dialect);
                sql.push(")");
            }
            sql.push(")");
        }
        // Of another type than the field: nothing is equal to it.
        _ => {
            sql.push(if compare == Compare::Ne { "1 = 1" } else { "1 = 0" });
        }
    }
}

fn push_text<'t, DB: Database>(
    sql: &mut QueryBuilder<DB>,
    column: &str,
    compare: Compare,
    sign: &str,
    text: String,
    dialect: Dialect,
) where
    i64: Encode<'t, DB> + Type<DB>,
    String: Encode<'t, DB> + Type<DB>,
{
    let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    match compare {
        Compare::Co => {
            sql.push(format!("{}({column}, ", dialect.position))
                .push_bind(text)
                .push(") > 0");
        }
        Compare::Sw => {
            sql.push(format!("substr({column}, 1, {length}) = "))
                .push_bind(text);
        }
        Compare::Ew => {
            sql.push(format!(
                "(length({column}) >= {length} AND substr({column}, length({column}) - {length} + 1) = "
            ))
            .push_bind(text)
            .push(")");
        }
        // What is said twice lets indexes be used that leave out the empty.
        Compare::Eq if !text.is_empty() => {
            sql.push(format!("({column} <> '' AND {column} = "))
                .push_bind(text)
                .push(")");
        }
        _ => {
            sql.push(format!("{column}{sign}")).push_bind(text);
        }
    }
}
