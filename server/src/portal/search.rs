//! The help desk's one box (H2): what fits from an index first, then what has the text inside of its name.

mod cause;

use super::Portal;
use async_trait::async_trait;
use contract::{
    Caller, Fault, LocationId, PageQuery, Permission, Serial,
    assignments::LicenseKind,
    catalog::{AssetQuery, AssetRow, ProductType},
    devices::{DeviceQuery, DeviceRow},
    people::{PersonQuery, PersonRow},
    search::{DeviceCard, ErrorCard, ErrorKind, ExplainedLicense, Found, HelpDesk},
};
use store::fold;

/// Longer texts name nothing.
const LONGEST: usize = 200;
/// Shorter ones are in too many names.
const SHORTEST_INSIDE: usize = 3;
/// What "lately" means for failures: a week.
const LATELY: i64 = 7 * 24 * 60 * 60 * 1000;
/// Apple's error numbers, known here or not.
const APPLE_NUMBERS: std::ops::RangeInclusive<u32> = 9000..=9999;
/// One more than is shown, to know whether there are more.
const LOOKED_FOR: usize = Found::MOST + 1;

#[async_trait]
impl HelpDesk for Portal {
    async fn search(&self, caller: &Caller, text: &str) -> Result<Found, Fault> {
        caller.need(Permission::UseHelpDesk)?;
        let text = text.trim();
        if text.is_empty() || text.chars().count() > LONGEST {
            return Ok(Found::default());
        }
        // Apple may have licences of what would not be taken for a serial number here.
        let serial = Serial::parse(text).unwrap_or_else(|_| Serial::known(text.to_uppercase()));
        if let Some(card) = self.card_of_serial(serial).await? {
            return Ok(Found {
                card: Some(card),
                ..Found::default()
            });
        }
        let most = u32::try_from(LOOKED_FOR).unwrap_or(u32::MAX);
        let error = self.error_card(text).await?;
        let mut devices = self.db.devices_beginning(text, most).await?;
        let mut assets = self.db.assets_beginning(text, most).await?;
        let mut people = match caller.may(Permission::ViewPeople) && error.is_none() {
            true => self.people_called(text).await?,
            false => Vec::new(),
        };
        if error.is_none() && text.chars().count() >= SHORTEST_INSIDE {
            // Whose whole name it is needs no others that have it inside.
            let whole = |name: &str| fold(name) == fold(text);
            if devices.len() < LOOKED_FOR && !devices.iter().any(|row| whole(&row.name)) {
                fill_up(&mut devices, self.devices_containing(text).await?, |row| {
                    row.id.clone()
                });
            }
            if assets.len() < LOOKED_FOR && !assets.iter().any(|row| whole(&row.name)) {
                fill_up(&mut assets, self.assets_containing(text).await?, |row| row.id);
            }
        }
        let mut found = Found {
            more_devices: devices.len() > Found::MOST,
            more_people: people.len() > Found::MOST,
            more_assets: assets.len() > Found::MOST,
            error,
            ..Found::default()
        };
        devices.truncate(Found::MOST);
        people.truncate(Found::MOST);
        assets.truncate(Found::MOST);
        if let [_] = devices.as_slice() {
            let device = devices.pop();
            found.card = match device {
                Some(device) => Some(self.card(device.serial.clone(), Some(device)).await?),
                None => None,
            };
        }
        found.devices = devices;
        found.people = people;
        found.assets = assets;
        Ok(found)
    }
}

impl Portal {
    /// None if neither a device nor a licence has this serial number.
    async fn card_of_serial(&self, serial: Serial) -> Result<Option<DeviceCard>, Fault> {
        let device = self.db.device_by_serial(&serial).await?;
        let card = self.card(serial, device).await?;
        Ok((card.device.is_some() || !card.licenses.is_empty()).then_some(card))
    }

    async fn card(&self, serial: Serial, device: Option<DeviceRow>) -> Result<DeviceCard, Fault> {
        let most = u32::try_from(DeviceCard::MOST + 1).unwrap_or(u32::MAX);
        let mut facts = self.db.device_licenses(&serial, most).await?;
        let more = facts.len() > DeviceCard::MOST;
        facts.truncate(DeviceCard::MOST);
        let mut locations: Vec<LocationId> = Vec::new();
        for fact in &facts {
            if !locations.contains(&fact.license.location) {
                locations.push(fact.license.location.clone());
            }
        }
        let tokens = self.db.tokens_of_locations(&locations).await?;
        let errands = self.db.device_errands(&serial).await?;
        let now = self.clock.now();
        let licenses = facts
            .into_iter()
            .map(|facts| {
                let token = tokens
                    .iter()
                    .find(|token| token.location == facts.license.location);
                let (cause, step) = cause::explain(&facts, token, now);
                // A plan by hand gives the device a licence of its own.
                let plannable = device.is_some() && facts.license.holder.kind() == LicenseKind::Device;
                let step = step.filter(|step| plannable || !cause::plans(step));
                ExplainedLicense {
                    row: facts.license,
                    cause,
                    step,
                }
            })
            .collect();
        Ok(DeviceCard {
            serial,
            device,
            licenses,
            more,
            errands,
            tokens,
        })
    }

    async fn error_card(&self, text: &str) -> Result<Option<ErrorCard>, Fault> {
        let Some(number) = text.parse().ok().filter(|number| APPLE_NUMBERS.contains(number)) else {
            return Ok(None);
        };
        let known = apple::explain(number);
        let since = self.clock.now() - LATELY;
        let first = u32::try_from(Found::MOST).unwrap_or(u32::MAX);
        let now = self.db.troubled(number, first, ErrorCard::MOST).await?;
        let failed_syncs = self.db.failed_syncs(number, since).await?;
        let failed = self.db.failures(number, since, ErrorCard::MOST).await?;
        let last = match failed {
            0 => Vec::new(),
            _ => self.db.last_failures(number, since, first).await?,
        };
        Ok(Some(ErrorCard {
            number,
            kind: known.map(|known| kind(known.kind)),
            http_status: known.and_then(|known| known.http_status),
            now,
            failed_syncs,
            failed,
            since,
            last,
        }))
    }

    async fn devices_containing(&self, text: &str) -> Result<Vec<DeviceRow>, Fault> {
        let query = DeviceQuery {
            search: text.to_owned(),
            page: first_rows(),
            ..DeviceQuery::default()
        };
        Ok(self.db.device_list(&query).await?.rows)
    }

    /// The person with this user name, or whoever has the text in a name or an address.
    async fn people_called(&self, text: &str) -> Result<Vec<PersonRow>, Fault> {
        let mut people: Vec<_> = self.db.person_called(text).await?.into_iter().collect();
        if people.is_empty() && text.chars().count() >= SHORTEST_INSIDE {
            let query = PersonQuery {
                search: text.to_owned(),
                page: first_rows(),
                ..PersonQuery::default()
            };
            people = self.db.person_list(&query).await?.rows;
        }
        Ok(people)
    }

    async fn assets_containing(&self, text: &str) -> Result<Vec<AssetRow>, Fault> {
        let mut rows = Vec::new();
        for product in [ProductType::App, ProductType::Book] {
            let query = AssetQuery {
                product,
                search: text.to_owned(),
                page: first_rows(),
                ..AssetQuery::default()
            };
            rows.extend(self.db.asset_list(&query).await?.rows);
        }
        Ok(rows)
    }
}

/// Those that begin with the text come first; no row comes twice.
fn fill_up<T, K: PartialEq>(rows: &mut Vec<T>, more: Vec<T>, id: impl Fn(&T) -> K) {
    for row in more {
        if rows.len() < LOOKED_FOR && rows.iter().all(|known| id(known) != id(&row)) {
            rows.push(row);
        }
    }
}

fn first_rows() -> PageQuery {
    PageQuery {
        rows: u16::try_from(LOOKED_FOR).ok(),
        ..PageQuery::default()
    }
}

fn kind(kind: apple::FaultKind) -> ErrorKind {
    use apple::FaultKind;
    match kind {
        FaultKind::Retry | FaultKind::Unreachable => ErrorKind::Passing,
        FaultKind::Wait => ErrorKind::Wait,
        FaultKind::Token => ErrorKind::Token,
        FaultKind::Forbidden => ErrorKind::Forbidden,
        FaultKind::Ownership => ErrorKind::Ownership,
        FaultKind::Argument => ErrorKind::Request,
        FaultKind::Shortage => ErrorKind::Shortage,
        FaultKind::Elsewhere | FaultKind::Protocol => ErrorKind::Protocol,
    }
}
