//! Organisations and locations: making, listing, changing country and name.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{Control, ControlError};
use crate::organisation::{Organisation, populate};
use crate::plausible;
use crate::wire::MdmInfo;
use crate::world::{Location, LocationState, OrganisationKind, Writes};

/// The most digits of a `uId`.
const UID_DIGITS: usize = 20;

/// A location without what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LocationSummary {
    /// Apple's id of the location.
    pub uid: String,
    /// Its name.
    pub name: String,
    /// The organisation's name.
    pub organisation: String,
    /// Business or school.
    pub kind: OrganisationKind,
    /// Upper case.
    pub country: String,
    /// Who manages it.
    pub mdm_info: Option<MdmInfo>,
    /// Number of assets.
    pub assets: usize,
    /// Number of assignments.
    pub assignments: usize,
    /// Number of user records.
    pub users: usize,
}

/// An organisation that has locations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrganisationSummary {
    /// Its name.
    pub name: String,
    /// Business or school.
    pub kind: OrganisationKind,
    /// Its locations.
    pub uids: Vec<String>,
}

/// An empty location to create.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewLocation {
    /// Apple's id of the location.
    pub uid: String,
    /// Its name.
    pub name: String,
    /// The organisation's name.
    pub organisation: String,
    /// Business or school.
    #[serde(default)]
    pub kind: OrganisationKind,
    /// ISO 3166 alpha-2.
    pub country: String,
}

impl NewLocation {
    fn check(&self) -> Result<(), String> {
        plausible::digits("uid", &self.uid, UID_DIGITS)?;
        plausible::name("name", &self.name)?;
        plausible::name("organisation", &self.organisation)?;
        plausible::country(&self.country)
    }
}

/// What changes of a location.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocationChange {
    /// ISO 3166 alpha-2.
    pub country: Option<String>,
    /// Its name.
    pub name: Option<String>,
}

impl Control {
    /// Generates an organisation; returns the `uId`s of its locations.
    ///
    /// # Errors
    /// When a number is out of range, or the seed makes a location that is there already.
    pub fn add_organisation(&self, organisation: &Organisation) -> Result<Vec<String>, ControlError> {
        organisation.check().map_err(ControlError::Invalid)?;
        populate(&self.world, organisation).ok_or(ControlError::TakenSeed)
    }

    /// Generates an organisation with its seed or the next one that is free; returns that seed, too.
    ///
    /// # Errors
    /// When a number is out of range.
    pub fn add_organisation_anew(
        &self,
        mut organisation: Organisation,
    ) -> Result<(u64, Vec<String>), ControlError> {
        loop {
            match self.add_organisation(&organisation) {
                Err(ControlError::TakenSeed) => organisation.seed = organisation.seed.wrapping_add(1),
                added => return added.map(|uids| (organisation.seed, uids)),
            }
        }
    }

    /// All organisations, in the order of their first locations.
    pub fn organisations(&self) -> Vec<OrganisationSummary> {
        let mut organisations: IndexMap<String, OrganisationSummary> = IndexMap::new();
        for location in self.world.all_locations() {
            let name = &location.organisation;
            let new = || OrganisationSummary {
                name: name.clone(),
                kind: location.kind,
                uids: Vec::new(),
            };
            organisations
                .entry(name.clone())
                .or_insert_with(new)
                .uids
                .push(location.uid.clone());
        }
        organisations.into_values().collect()
    }

    /// Creates an empty location.
    ///
    /// # Errors
    /// When the `uId` is taken, or it, a name or the country is none.
    pub fn add_location(&self, new: NewLocation) -> Result<(), ControlError> {
        new.check().map_err(ControlError::Invalid)?;
        let state = LocationState {
            name: new.name,
            country: new.country.to_uppercase(),
            writes: Writes::none_at(self.world.clock.now()),
            ..LocationState::default()
        };
        let added = self
            .world
            .add_location(Location::new(new.uid, new.organisation, new.kind, state));
        if added {
            Ok(())
        } else {
            Err(ControlError::TakenLocation)
        }
    }

    /// All locations, in the order of their creation.
    pub fn locations(&self) -> Vec<LocationSummary> {
        self.world
            .all_locations()
            .iter()
            .map(|location| summary(location))
            .collect()
    }

    /// One location.
    ///
    /// # Errors
    /// When there is none.
    pub fn summary(&self, uid: &str) -> Result<LocationSummary, ControlError> {
        Ok(summary(&*self.location(uid)?))
    }

    /// Moves the organisation's storefront, as far as this location shows it.
    ///
    /// # Errors
    /// When there is no such location, or no such country can be.
    pub fn set_country(&self, uid: &str, country: &str) -> Result<(), ControlError> {
        let change = LocationChange {
            country: Some(country.to_owned()),
            ..LocationChange::default()
        };
        self.change_location(uid, change)
    }

    /// Renames a location.
    ///
    /// # Errors
    /// When there is no such location, or the name is empty.
    pub fn rename(&self, uid: &str, name: &str) -> Result<(), ControlError> {
        let change = LocationChange {
            name: Some(name.to_owned()),
            ..LocationChange::default()
        };
        self.change_location(uid, change)
    }

    /// Changes all that is named, or nothing.
    ///
    /// # Errors
    /// When there is no such location, the name is empty, or no such country can be.
    pub fn change_location(&self, uid: &str, change: LocationChange) -> Result<(), ControlError> {
        let location = self.location(uid)?;
        let LocationChange { country, name } = change;
        let country_fits = country.as_deref().map_or(Ok(()), plausible::country);
        let name_fits = name
            .as_deref()
            .map_or(Ok(()), |name| plausible::name("name", name));
        country_fits.and(name_fits).map_err(ControlError::Invalid)?;
        let mut state = location.state.write();
        if let Some(country) = country {
            state.country = country.to_uppercase();
        }
        if let Some(name) = name {
            state.name = name;
        }
        Ok(())
    }
}

fn summary(location: &Location) -> LocationSummary {
    let state = location.state.read();
    LocationSummary {
        uid: location.uid.clone(),
        name: state.name.clone(),
        organisation: location.organisation.clone(),
        kind: location.kind,
        country: state.country.clone(),
        mdm_info: state.mdm_info.clone(),
        assets: state.assets.iter().count(),
        assignments: state.assets.iter().map(|asset| asset.holders.len()).sum(),
        users: state.users.iter().count(),
    }
}
