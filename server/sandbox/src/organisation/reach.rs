//! How many assignments there can be: whoever asks for others is told so, and does not get fewer.

use super::Organisation;

impl Organisation {
    /// Says where the number of assignments cannot be reached.
    pub(super) fn check_assignments(&self) -> Result<(), String> {
        let asked = u64::from(self.assignments);
        let places = || (0..self.locations).map(|location| (self.most_assignments_at(location), location));
        match places().min() {
            Some((most, location)) if asked > most => Err(format!(
                "assignments is at most {most}: location {} has {} apps for devices, {} devices, and {} users with a book",
                location + 1,
                self.apps_for_devices_at(location),
                self.device_count_at(location),
                self.books_held_at(location),
            )),
            _ => self.check_least_assignments(),
        }
    }

    fn most_assignments_at(&self, location: u32) -> u64 {
        let pairs = self.apps_for_devices_at(location) * u64::from(self.device_count_at(location));
        pairs + u64::from(self.books_held_at(location))
    }

    fn check_least_assignments(&self) -> Result<(), String> {
        let books = (0..self.locations).map(|location| self.books_held_at(location));
        match books.max() {
            Some(least) if (1..least).contains(&self.assignments) => Err(format!(
                "assignments is at least {least}, as many books as users hold in a location, or 0"
            )),
            _ => Ok(()),
        }
    }
}
