//! `versionId`s: opaque to clients, and readable for the sandbox without keeping a list of them.

use uuid::Uuid;

use crate::random::mix;

/// A set of data with a version of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DataSet {
    /// Assets with their counts.
    Assets,
    /// Assignments.
    Assignments,
    /// Users.
    Users,
}

/// The number of writes so far, written as a UUID that another location, data set or run does not accept.
pub(crate) fn version_id(uid: &str, run: u64, set: DataSet, writes: u64) -> String {
    let seal = seal(uid, run, set);
    Uuid::from_u64_pair(writes ^ seal, mix(seal, writes)).to_string()
}

/// The number of writes behind a `versionId`; none if it is not of this data set.
pub(crate) fn writes_of(uid: &str, run: u64, set: DataSet, version_id: &str) -> Option<u64> {
    let (high, low) = Uuid::parse_str(version_id).ok()?.as_u64_pair();
    let seal = seal(uid, run, set);
    let writes = high ^ seal;
    (mix(seal, writes) == low).then_some(writes)
}

fn seal(uid: &str, run: u64, set: DataSet) -> u64 {
    let location = uid
        .bytes()
        .fold(mix(7, run), |hash, byte| mix(hash, u64::from(byte)));
    mix(location, set as u64)
}

#[cfg(test)]
mod tests {
    use super::{DataSet, version_id, writes_of};

    #[test]
    fn a_version_is_read_back_only_where_it_was_issued() {
        let id = version_id("205", 1, DataSet::Users, 41);
        assert_eq!(writes_of("205", 1, DataSet::Users, &id), Some(41));
        assert_eq!(writes_of("205", 1, DataSet::Assignments, &id), None);
        assert_eq!(writes_of("206", 1, DataSet::Users, &id), None);
        assert_eq!(writes_of("205", 2, DataSet::Users, &id), None);
        assert_eq!(writes_of("205", 1, DataSet::Users, "not-a-version"), None);
    }
}
