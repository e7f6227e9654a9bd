//! Organisations from a seed: locations, fictional apps and books, devices and licences. The same seed gives the same.

mod devices;
mod populate;
mod presets;
mod products;
mod words;

pub use devices::{GeneratedDevice, Platform, serial_number};
pub(crate) use populate::{asset_of, populate};
pub use products::GeneratedProduct;

use serde::{Deserialize, Serialize};

use crate::random::mix;
use crate::world::OrganisationKind;

/// What is generated. Counts without "per location" hold for the whole organisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Organisation {
    /// All that is generated follows from it.
    pub seed: u64,
    /// Name, also in tokens.
    pub name: String,
    /// Business or school.
    pub kind: OrganisationKind,
    /// ISO 3166 alpha-2, upper case.
    pub country: String,
    /// Number of locations, 1 to 3,000.
    pub locations: u32,
    /// Names of the first locations; the others are numbered.
    pub location_names: Vec<String>,
    /// Apps in each location.
    pub apps: u32,
    /// Books in each location.
    pub books: u32,
    /// Different apps over all locations, and books in proportion; each location has a share. 0: all have the same.
    pub distinct: u32,
    /// Devices, spread evenly over the locations.
    pub devices: u32,
    /// Users in each location.
    pub users: u32,
    /// Licences that devices hold in each location, up to apps × devices.
    pub assignments: u32,
    /// Licences of each asset that nobody holds; without it they vary, and in each location one app has none left and one
    /// nearly none.
    pub spare: Option<u32>,
    /// Whether the first location's first app is free and unlimited.
    pub unlimited_app: bool,
}

impl Default for Organisation {
    fn default() -> Self {
        Self {
            seed: 1,
            name: "Fjordlight AB".to_owned(),
            kind: OrganisationKind::Business,
            country: "SE".to_owned(),
            locations: 1,
            location_names: Vec::new(),
            apps: 10,
            books: 0,
            distinct: 0,
            devices: 0,
            users: 0,
            assignments: 0,
            spare: None,
            unlimited_app: false,
        }
    }
}

impl Organisation {
    /// Another organisation of the same kind and size: all that is generated follows from both seeds.
    #[must_use]
    pub fn reseeded(self, seed: u64) -> Self {
        Self {
            seed: mix(self.seed, seed),
            ..self
        }
    }

    /// The `uId` of the n-th location: 16 digits, as real ones.
    pub fn location_uid(&self, index: u32) -> String {
        let number = mix(self.seed ^ 0x10ca, 0) % 1_000_000_000_000 * 10_000 + u64::from(index % 10_000);
        format!("{:016}", number % 9_000_000_000_000_000 + 1_000_000_000_000_000)
    }

    /// The name of the n-th location.
    pub fn location_name(&self, index: u32) -> String {
        let given = usize::try_from(index)
            .ok()
            .and_then(|index| self.location_names.get(index));
        match given {
            Some(name) => name.clone(),
            None if self.locations == 1 => self.name.clone(),
            None => format!(
                "{} {:04}",
                words::place(mix(self.seed ^ 0x91ace, u64::from(index))),
                index + 1
            ),
        }
    }
}
