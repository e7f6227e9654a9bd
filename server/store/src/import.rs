//! D3: what an import does to the devices or people that are known.

use crate::devices::Imported;
use std::collections::HashMap;

/// Takes the lines one after another: a later line of the same key counts against the earlier one. Answers the numbers,
/// and what is to be written as it is at the end, each with the id it has or gets.
pub fn import<Id: Clone, Form: Clone + PartialEq>(
    mut known: HashMap<String, (Id, Form)>,
    lines: &[(Id, Form)],
    key: impl Fn(&Form) -> String,
) -> (Imported, Vec<(Id, Form)>) {
    let mut imported = Imported::default();
    let mut touched: Vec<String> = Vec::new();
    for (id, form) in lines {
        let key = key(form);
        match known.get_mut(&key) {
            None => {
                imported.added += 1;
                touched.push(key.clone());
                known.insert(key, (id.clone(), form.clone()));
            }
            Some((_, old)) if old == form => imported.unchanged += 1,
            Some((_, old)) => {
                imported.changed += 1;
                old.clone_from(form);
                touched.push(key);
            }
        }
    }
    let written = touched.iter().filter_map(|key| known.remove(key)).collect();
    (imported, written)
}
