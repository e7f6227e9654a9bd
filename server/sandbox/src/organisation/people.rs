//! Generated users: some were invited and never came, who joined holds a book.

use super::{Organisation, words};
use crate::random::mix;

/// A user before the registration.
pub(super) struct Person {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) joined: bool,
    /// Whatever else of this user is left to chance.
    pub(super) roll: u64,
}

impl Organisation {
    /// The users of a location.
    pub(super) fn people_of(&self, location: u32) -> impl Iterator<Item = Person> + '_ {
        (0..self.users).map(move |number| {
            let roll = self.roll_of(location, number);
            let (first, last) = words::person(roll);
            let email = format!("{first}.{last}{number}@example.org");
            Person {
                name: format!("person-{location}-{number:04}"),
                email: email.to_lowercase().replace('ö', "o"),
                joined: joins(roll),
                roll,
            }
        })
    }

    /// How many books the users of a location hold.
    pub(super) fn books_held_at(&self, location: u32) -> u32 {
        if self.books == 0 {
            return 0;
        }
        let joined = (0..self.users).filter(|number| joins(self.roll_of(location, *number)));
        u32::try_from(joined.count()).unwrap_or(u32::MAX)
    }

    fn roll_of(&self, location: u32, number: u32) -> u64 {
        mix(self.seed ^ 0x05e4, u64::from(location) << 32 | u64::from(number))
    }
}

fn joins(roll: u64) -> bool {
    !roll.is_multiple_of(3)
}
