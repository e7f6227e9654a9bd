//! Organisations from a seed: locations, fictional apps and books, devices and licences. The same seed gives the same.

mod devices;
mod people;
mod populate;
mod presets;
mod products;
mod reach;
mod words;

pub use devices::{GeneratedDevice, Platform, serial_number};
pub(crate) use populate::{asset_of, populate};
pub use products::GeneratedProduct;
use products::{APP_IDS, BOOK_IDS};

use serde::{Deserialize, Serialize};

use crate::plausible;
use crate::random::mix;
use crate::world::OrganisationKind;

/// The most locations.
const MOST_LOCATIONS: u64 = 3000;
/// The most devices, and over all locations the most apps, books, users and licences that devices hold.
const MOST: u64 = 1_000_000;

/// What is generated. Counts without "in each location" hold for the whole organisation. Devices, and over all locations
/// apps, books, users and assignments, are at most 1,000,000 each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Organisation {
    /// All that is generated follows from it.
    pub seed: u64,
    /// Name, also in tokens.
    pub name: String,
    /// Business or school.
    pub kind: OrganisationKind,
    /// ISO 3166 alpha-2.
    pub country: String,
    /// Number of locations, 1 to 3,000.
    pub locations: u32,
    /// Names of the first locations; the others are numbered.
    pub location_names: Vec<String>,
    /// Apps in each location, up to 90,000.
    pub apps: u32,
    /// Books in each location, up to 10,000.
    pub books: u32,
    /// Different apps over all locations, up to 90,000, and books in proportion, up to 10,000; each location has a share.
    /// 0: all have the same.
    pub distinct: u32,
    /// Devices, spread evenly over the locations.
    pub devices: u32,
    /// Apps in each location that are there as PLUS, too, up to `apps`; nobody holds those licences.
    pub plus_apps: u32,
    /// Users in each location. Who has joined holds a book, if there are any.
    pub users: u32,
    /// How many of these users are retired, up to all; they keep their books.
    pub retired_users: u32,
    /// Licences held in each location: the users' books and, for the rest, those of devices. 0: the books alone.
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
            plus_apps: 0,
            users: 0,
            retired_users: 0,
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

    /// Says what cannot be generated: a name or country that is none, or a number that is out of reach.
    pub(crate) fn check(&self) -> Result<(), String> {
        plausible::name("name", &self.name)?;
        let mut names = self.location_names.iter();
        names.try_for_each(|name| plausible::name("a name in location_names", name))?;
        plausible::country(&self.country)?;
        if self.locations == 0 {
            return Err("locations is at least 1".to_owned());
        }
        let locations = u64::from(self.locations);
        let bounds = [
            ("locations", locations, MOST_LOCATIONS),
            ("apps", self.apps.into(), APP_IDS),
            ("books", self.books.into(), BOOK_IDS),
            ("distinct", self.distinct.into(), APP_IDS),
            ("plus_apps", self.plus_apps.into(), self.apps.into()),
            ("retired_users", self.retired_users.into(), self.users.into()),
            ("devices", self.devices.into(), MOST),
            ("apps × locations", locations * u64::from(self.apps), MOST),
            ("books × locations", locations * u64::from(self.books), MOST),
            ("users × locations", locations * u64::from(self.users), MOST),
            (
                "assignments × locations",
                locations * u64::from(self.assignments),
                MOST,
            ),
        ];
        match bounds.into_iter().find(|(_, count, most)| count > most) {
            Some((name, _, most)) => Err(format!("{name} is at most {most}")),
            None => self.check_assignments(),
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
