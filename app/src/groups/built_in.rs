//! What built-in groups are called where no more of a group is known than its name.

use crate::t;

/// As stored, or in the reader's language if it is a built-in one: no other group can have such a name.
pub fn group_name(stored: String) -> String {
    match stored.as_str() {
        "All people" => t!(group_all_people).to_owned(),
        "All devices" => t!(group_all_devices).to_owned(),
        _ => stored,
    }
}
