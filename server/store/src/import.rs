//! D3: what an import does to the devices or people that are known.

use crate::{Result, audit::tell, text::fold};
use contract::{devices::DeviceForm, people::PersonForm};
use std::collections::{HashMap, hash_map::Entry};

/// Lines with a difference that an import tells of.
const TOLD: usize = 100;

/// A line of a file.
#[derive(Clone, Debug)]
pub struct Line<Id, Form> {
    /// As an editor counts them.
    pub number: i64,
    /// Used if it is new.
    pub id: Id,
    pub form: Form,
    pub says: Says,
}

/// The columns that a line says something in. What it does not say stays as it is; of something new it is as in the form.
#[derive(Clone, Debug)]
pub enum Says {
    Everything,
    These(Vec<&'static str>),
}

impl Says {
    pub fn has(&self, column: &str) -> bool {
        match self {
            Says::Everything => true,
            Says::These(columns) => columns.contains(&column),
        }
    }

    fn take<T: Clone>(&self, column: &str, into: &mut T, from: &T) {
        if self.has(column) {
            into.clone_from(from);
        }
    }
}

/// What an import did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported<Form> {
    pub added: i64,
    pub changed: i64,
    pub unchanged: i64,
    /// Of the first lines that add or change something, at most 100.
    pub differences: Vec<Difference<Form>>,
}

impl<Form> Imported<Form> {
    /// Z3.
    pub(crate) fn tell(&self) -> Result<()> {
        tell("added", self.added)?;
        tell("changed", self.changed)?;
        tell("unchanged", self.unchanged)
    }
}

/// What one line does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference<Form> {
    pub line: i64,
    /// None if it is new.
    pub before: Option<Form>,
    pub after: Form,
}

/// What a line of a file is read as.
pub trait Row: Clone + PartialEq {
    /// What known ones are found by.
    fn key(&self) -> String;
    /// Takes over what a line says.
    fn take(&mut self, line: &Self, says: &Says);
}

impl Row for PersonForm {
    fn key(&self) -> String {
        fold(&self.user_name)
    }

    fn take(&mut self, line: &Self, says: &Says) {
        says.take("user_name", &mut self.user_name, &line.user_name);
        says.take("name", &mut self.name, &line.name);
        says.take("email", &mut self.email, &line.email);
        says.take(
            "managed_apple_account",
            &mut self.managed_apple_account,
            &line.managed_apple_account,
        );
        says.take("department", &mut self.department, &line.department);
        says.take("active", &mut self.active, &line.active);
    }
}

impl Row for DeviceForm {
    fn key(&self) -> String {
        self.serial.clone()
    }

    fn take(&mut self, line: &Self, says: &Says) {
        says.take("name", &mut self.name, &line.name);
        says.take("platform", &mut self.platform, &line.platform);
        says.take("model", &mut self.model, &line.model);
        says.take("os_version", &mut self.os_version, &line.os_version);
        says.take("ownership", &mut self.ownership, &line.ownership);
        says.take("supervised", &mut self.supervised, &line.supervised);
        says.take("enrolment", &mut self.enrolment, &line.enrolment);
        says.take("kiosk", &mut self.kiosk, &line.kiosk);
        says.take("store_blocked", &mut self.store_blocked, &line.store_blocked);
        says.take("user_name", &mut self.user_name, &line.user_name);
        // An older file does not take back what was seen since.
        if says.has("last_check_in") {
            self.last_check_in = self.last_check_in.max(line.last_check_in);
        }
    }
}

/// Lines that say everything.
pub fn whole<Id: Clone, Form: Clone>(rows: &[(Id, Form)]) -> Vec<Line<Id, Form>> {
    let lines = (2..).zip(rows).map(|(number, (id, form))| Line {
        number,
        id: id.clone(),
        form: form.clone(),
        says: Says::Everything,
    });
    lines.collect()
}

/// Takes the lines one after another: a later line of the same key counts against the earlier one. Answers what they do,
/// and what is to be written as it is at the end, each with the id it has or gets.
pub fn import<Id: Clone, Form: Row>(
    mut known: HashMap<String, (Id, Form)>,
    lines: &[Line<Id, Form>],
) -> (Imported<Form>, Vec<(Id, Form)>) {
    let mut imported = Imported {
        added: 0,
        changed: 0,
        unchanged: 0,
        differences: Vec::new(),
    };
    let mut touched: Vec<String> = Vec::new();
    for line in lines {
        let key = line.form.key();
        let (before, after) = match known.entry(key.clone()) {
            Entry::Vacant(place) => {
                place.insert((line.id.clone(), line.form.clone()));
                imported.added += 1;
                (None, line.form.clone())
            }
            Entry::Occupied(mut place) => {
                let (_, old) = place.get_mut();
                let before = old.clone();
                old.take(&line.form, &line.says);
                if *old == before {
                    imported.unchanged += 1;
                    continue;
                }
                imported.changed += 1;
                (Some(before), old.clone())
            }
        };
        touched.push(key);
        if imported.differences.len() < TOLD {
            imported.differences.push(Difference {
                line: line.number,
                before,
                after,
            });
        }
    }
    let written = touched.iter().filter_map(|key| known.remove(key)).collect();
    (imported, written)
}
