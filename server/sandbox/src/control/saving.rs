//! Keeping the world over a restart.

use std::path::Path;

use super::Control;
use crate::saved::{self, SaveError};

impl Control {
    /// Writes everything but faults and log to a file, from which
    /// [`SandboxSettings::saved`](crate::SandboxSettings::saved) restores it. Waits for no event: what is pending is saved as
    /// such, and processed before the restored sandbox answers. Works during operation and after the shutdown, when
    /// nothing changes any more. Blocks while it writes; a million assignments are some 6 MB.
    ///
    /// # Errors
    /// When the file cannot be written; an older one is untouched then.
    pub fn save(&self, path: &Path) -> Result<(), SaveError> {
        saved::write(&self.world, path)
    }

    /// Grows with everything that is written. What is saved after this was read lacks nothing up to it, so that a file
    /// need only be written again when the number is another one.
    pub fn changes(&self) -> u64 {
        self.world.writes()
    }
}
