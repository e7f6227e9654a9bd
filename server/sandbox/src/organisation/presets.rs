//! Organisations ready to use.

use super::Organisation;
use crate::world::OrganisationKind;

impl Organisation {
    /// A school trust to show and try things with: two schools and an office with 60 apps and 8 books each,
    /// of which they share some, and 400 devices.
    pub fn demo() -> Self {
        Self {
            seed: 2026,
            name: "Nordhamn Learning Trust".to_owned(),
            kind: OrganisationKind::Education,
            country: "SE".to_owned(),
            locations: 3,
            location_names: ["Harbour School", "Birchwood School", "Trust Office"]
                .map(str::to_owned)
                .to_vec(),
            apps: 60,
            books: 8,
            distinct: 96,
            devices: 400,
            users: 24,
            // 1,800 of devices in the first school.
            assignments: 1813,
            unlimited_app: true,
            ..Self::default()
        }
    }

    /// One location with 1,000,000 assignments: 25 apps on each of 40,000 devices.
    pub fn million() -> Self {
        Self {
            seed: 1_000_000,
            name: "Meridian Retail Group".to_owned(),
            apps: 25,
            devices: 40_000,
            assignments: 1_000_000,
            ..Self::default()
        }
    }

    /// So many small locations with 10 apps each.
    pub fn many_locations(locations: u32) -> Self {
        Self {
            seed: 3000,
            name: "Longshore Municipality".to_owned(),
            kind: OrganisationKind::Education,
            locations,
            apps: 10,
            distinct: 400,
            devices: locations.saturating_mul(10),
            assignments: 50,
            ..Self::default()
        }
    }

    /// One location with 25 apps and 100,000 devices that hold nothing yet, and a licence for each pair.
    pub fn plan_100k() -> Self {
        Self {
            seed: 100_000,
            name: "Ostrand Logistics".to_owned(),
            apps: 25,
            devices: 100_000,
            spare: Some(100_000),
            ..Self::default()
        }
    }
}
