//! Why somebody has, or has not, an app or a book (A6).

mod origin;

use super::{
    super::Portal,
    names::{known, named},
};
use crate::engine::{
    desired::{Bits, Cell, DesiredAsset, Directory, Spread, Who, brings, excluded_by, sources_of},
    fulfil::{AssetPlan, Line, holds, own_of, prompts_for, prompts_on},
    planning::Planning,
};
use contract::{
    Code, Fault, Serial,
    assignments::{
        Brought, Explained, Explanation, Intent, LicenseKind, Prompts, Reason, Settled, Source, Verdict,
        conflict,
    },
    groups::GroupKind,
    licenses::{Holder, LicenseState},
};
use store::{assignments::Asker, catalog::StockAsset, fold};

pub(super) async fn explain(
    portal: &Portal,
    planning: &Planning,
    holder: &str,
) -> Result<Explanation, Fault> {
    let stock = planning.stock.first().ok_or(Code::NotFound)?;
    let device = planning
        .data
        .devices
        .iter()
        .position(|device| device.serial.as_str().eq_ignore_ascii_case(holder));
    let person = planning
        .data
        .people
        .iter()
        .position(|person| fold(&person.user_name) == fold(holder));
    match (device, person) {
        (Some(at), _) => concerned(portal, planning, Who::Device(at as u32)).await,
        (None, Some(at)) => concerned(portal, planning, Who::Person(at as u32)).await,
        (None, None) => unconcerned(portal, stock, holder).await,
    }
}

async fn concerned(portal: &Portal, planning: &Planning, who: Who) -> Result<Explanation, Fault> {
    let (Some(asset), Some(data), Some(stock)) = (
        planning.desired.assets.first(),
        planning.data.assets.first(),
        planning.stock.first(),
    ) else {
        return Err(Code::NotFound.into());
    };
    let directory = &planning.desired.directory;
    let mut spread = Spread::default();
    spread.fill(directory, &planning.desired.groups, asset);
    let plan = planning.plans().pop().unwrap_or_default();
    let standing = Standing { asset, plan: &plan };
    let who = match who {
        Who::Device(_) => who,
        Who::Person(at) => standing.foremost(directory, at),
    };
    let (bits, cell) = match who {
        Who::Device(at) => (spread.device_bits(at), spread.device(at)),
        Who::Person(at) => (spread.person_bits(at), spread.person(directory, at)),
    };
    let line = standing.line(who);
    let account = match who {
        Who::Device(at) => covering(directory, asset, &plan, cell, at),
        Who::Person(_) => None,
    };
    let devices = match who {
        Who::Device(_) => Vec::new(),
        Who::Person(at) => standing.devices(directory, at),
    };
    // Whose licence it is, or would be.
    let by: Vec<Who> = match (account, devices.as_slice()) {
        (Some(account), _) => vec![Who::Person(account)],
        (None, []) => vec![who],
        (None, devices) => devices.iter().map(|device| Who::Device(*device)).collect(),
    };
    // What groups bring the person by the devices counts too.
    let cell = devices.iter().fold(cell, |all, device| {
        let own = spread.device(*device);
        Cell {
            settled: all.settled.or(own.settled),
            count: all.count | own.count,
        }
    });
    let (_, key) = named(planning, who);
    let brought = data
        .assignments
        .iter()
        .filter(|one| planning.concerns(one, who))
        .map(|one| Brought {
            group: one.group.clone(),
            group_name: one.group_name.clone().unwrap_or_else(|| one.group.to_string()),
            members_kind: one.members_kind,
            target: one.target,
            counts: cell.count & brings(one.members_kind, one.target) != 0,
        })
        .collect();
    let mut steps = steps(bits, cell, line.is_some_and(|line| line.moved));
    if let Some(account) = account {
        let (_, user_name) = named(planning, Who::Person(account));
        steps.push(Explained::ByPerson {
            user_name: user_name.to_owned(),
        });
    }
    steps.extend(devices.iter().map(|device| Explained::ByDevice {
        serial: named(planning, Who::Device(*device)).1.to_owned(),
        verdict: standing.verdict(Who::Device(*device)),
        state: standing.state(Who::Device(*device)),
    }));
    if let (Who::Person(at), []) = (who, devices.as_slice()) {
        steps.extend(standing.accounts(planning, at));
    }
    let kept = by.iter().map(|by| reservations(planning, &plan, *by));
    steps.extend(
        kept.into_iter()
            .find(|kept| !kept.is_empty())
            .into_iter()
            .flatten(),
    );
    let mut elsewhere = None;
    let drawing = devices.iter().map(|device| Who::Device(*device));
    for who in [who].into_iter().chain(drawing) {
        let (drawn, state) = origin::drawn(portal, planning, &plan, who).await?;
        steps.extend(drawn.filter(|step| !steps.contains(step)));
        elsewhere = elsewhere.or(state);
    }
    for by in &by {
        if let Some(holder) = holder_of(planning, *by) {
            let stays = line.is_none() && standing.line(*by).is_none();
            let given = origin::given(portal, stock.id, &holder, stays).await?;
            steps.extend(given.filter(|step| !steps.contains(step)));
        }
    }
    let kind = match by.first() {
        Some(Who::Person(_)) => LicenseKind::User,
        Some(Who::Device(_)) | None => LicenseKind::Device,
    };
    let verdict = match devices.is_empty() {
        true => line.map(|line| line.verdict),
        false => None,
    };
    let settled = line.map_or(cell.settled, |line| line.settled);
    let gives = |settled: Settled| settled.holds(Intent::Required) || settled.holds(Intent::Available);
    Ok(Explanation {
        asset_name: stock.name.clone(),
        holder_name: name_of(portal, planning, who).await?,
        key: key.to_owned(),
        holder_kind: match who {
            Who::Device(_) => GroupKind::Devices,
            Who::Person(_) => GroupKind::People,
        },
        kind,
        brought,
        steps,
        settled,
        verdict: verdict.or_else(|| alike(by.iter().map(|by| standing.verdict(*by)))),
        state: alike(by.iter().map(|by| standing.state(*by))).or(elsewhere),
        prompts: match settled.is_some_and(gives) || account.is_some() {
            true => prompts(planning, asset, who, account, &devices),
            false => None,
        },
        wanted: portal.db.wanted(stock.id, &known(planning, who).into()).await?,
    })
}

/// What one asset's plan comes to, holder by holder.
struct Standing<'a> {
    asset: &'a DesiredAsset,
    plan: &'a AssetPlan,
}

impl Standing<'_> {
    fn line(&self, who: Who) -> Option<&Line> {
        self.plan.lines.iter().find(|line| line.who == who)
    }

    fn verdict(&self, who: Who) -> Option<Verdict> {
        self.line(who).map(|line| line.verdict)
    }

    fn state(&self, who: Who) -> Option<LicenseState> {
        own_of(self.asset, who).map(|held| held.state)
    }

    /// Of the accounts of the person whose one this is, the one that is furthest (A2): with a licence, then one that is to
    /// have it, then one that cannot.
    fn foremost(&self, directory: &Directory, account: u32) -> Who {
        let accounts = directory.accounts_of(directory.first_account(account));
        let way = |who: &Who| match (self.state(*who), self.verdict(*who)) {
            (Some(state), _) if holds(state) => 0,
            (_, Some(Verdict::Cannot { .. })) => 2,
            (_, Some(_)) => 1,
            (_, None) => 3,
        };
        accounts
            .map(Who::Person)
            .min_by_key(way)
            .unwrap_or(Who::Person(account))
    }

    /// How it stands for each account, where the person has several.
    fn accounts(&self, planning: &Planning, account: u32) -> Vec<Explained> {
        let directory = &planning.desired.directory;
        let accounts = directory.accounts_of(directory.first_account(account));
        let several = accounts.len() > 1;
        let told = accounts.filter_map(|at| {
            Some(Explained::Account {
                account: planning.data.people.get(at as usize)?.account,
                verdict: self.verdict(Who::Person(at)),
                state: self.state(Who::Person(at)),
            })
        });
        told.filter(|_| several).collect()
    }

    /// The person's devices that have licences of their own, or are told something of one, where the person's account has
    /// none and is told nothing (A2, A10).
    fn devices(&self, directory: &Directory, account: u32) -> Vec<u32> {
        let who = Who::Person(account);
        let own = self
            .state(who)
            .is_some_and(|state| state != LicenseState::Released);
        if own || self.line(who).is_some_and(|line| !line.by_devices()) {
            return Vec::new();
        }
        let devices = directory.devices_of(account).iter().copied();
        devices
            .filter(|device| {
                let who = Who::Device(*device);
                self.line(who).is_some() || self.state(who).is_some()
            })
            .collect()
    }
}

/// A9: of whoever has the licence, or is to have it.
fn prompts(
    planning: &Planning,
    asset: &DesiredAsset,
    who: Who,
    account: Option<u32>,
    devices: &[u32],
) -> Option<Prompts> {
    let directory = &planning.desired.directory;
    match (who, account) {
        (Who::Device(at), Some(account)) => Some(prompts_on(directory, at, LicenseKind::User, Some(account))),
        (Who::Person(person), _) if !devices.is_empty() => devices
            .iter()
            .filter(|at| {
                let device = directory.device(**at);
                asset.platforms.suit(device.platform) && !device.gone
            })
            .map(|device| prompts_on(directory, *device, LicenseKind::Device, Some(person)))
            .reduce(Prompts::with),
        _ => prompts_for(directory, asset, who),
    }
}

/// What all are told, if it is the same.
fn alike<T: PartialEq>(told: impl IntoIterator<Item = Option<T>>) -> Option<T> {
    let mut told = told.into_iter();
    let first = told.next()?;
    told.all(|other| other == first).then_some(first).flatten()
}

/// The account by whose user licence the device has the app, or is to have it, having none of its own (A2).
fn covering(
    directory: &Directory,
    asset: &DesiredAsset,
    plan: &AssetPlan,
    cell: Cell,
    device: u32,
) -> Option<u32> {
    let line_of = |who: Who| plan.lines.iter().find(|line| line.who == who);
    let who = Who::Device(device);
    let own = own_of(asset, who).is_some_and(|held| held.state != LicenseState::Released);
    let refused = |verdict: Verdict| matches!(verdict, Verdict::Cannot { .. });
    if own || line_of(who).is_some_and(|line| !refused(line.verdict)) {
        return None;
    }
    let mut accounts = directory.accounts_of(directory.device(device).owner?);
    let held = |account: &u32| own_of(asset, Who::Person(*account)).is_some_and(|held| holds(held.state));
    let wants = |kind| {
        [Intent::Required, Intent::Available]
            .into_iter()
            .any(|intent| cell.holds(intent, kind))
    };
    accounts.clone().find(held).or_else(|| {
        let planned = |account: &u32| line_of(Who::Person(*account)).is_some_and(|line| !line.by_devices());
        let by_person = wants(LicenseKind::User) && !wants(LicenseKind::Device);
        accounts.find(planned).filter(|_| by_person)
    })
}

/// A12: licences are free, and whoever waits is told for whom they are kept.
fn reservations(planning: &Planning, plan: &AssetPlan, who: Who) -> Vec<Explained> {
    let (Some(asset), Some(data)) = (planning.desired.assets.first(), planning.data.assets.first()) else {
        return Vec::new();
    };
    let short = plan.lines.iter().find(|line| {
        let none_left = matches!(
            line.verdict,
            Verdict::Waits { .. }
                | Verdict::Cannot {
                    reason: Reason::NoneLeft
                }
        );
        line.who == who && none_left
    });
    let gets = |at: Option<usize>| {
        let lines = plan.lines.iter().filter(|line| line.verdict == Verdict::Gets);
        lines
            .filter(|line| at.is_none() || line.lead.map(usize::from) == at)
            .count() as i64
    };
    let left = asset.free.map_or(0, |free| free - gets(None));
    let Some(line) = short.filter(|_| left > 0) else {
        return Vec::new();
    };
    let others = asset.assigned.iter().enumerate();
    let kept = others.filter(|(at, one)| one.reserved > 0 && line.lead.map(usize::from) != Some(*at));
    kept.filter_map(|(at, one)| {
        let used = asset
            .held
            .iter()
            .filter(|held| held.assignment == Some(one.number) && holds(held.state));
        let kept = one.reserved - used.count() as i64 - gets(Some(at));
        let group_name = planning.group_of(data, one.number).unwrap_or_default();
        (kept > 0).then_some(Explained::Reserved { group_name, kept })
    })
    .collect()
}

/// Somebody whom no assignment of the asset concerns: a device by its serial number, a person by the user name.
async fn unconcerned(portal: &Portal, stock: &StockAsset, holder: &str) -> Result<Explanation, Fault> {
    if let Ok(serial) = Serial::parse(holder) {
        let found = portal.db.devices_by_serial(std::slice::from_ref(&serial)).await?;
        if let Some(device) = found.into_iter().next() {
            let planning = Planning::of_device(&portal.db, vec![stock.clone()], &device.id).await?;
            let at = planning.data.devices.iter().position(|own| own.id == device.id);
            let at = at.ok_or(Code::NotFound)?;
            return Box::pin(concerned(portal, &planning, Who::Device(at as u32))).await;
        }
    }
    let person = portal.db.person_called(holder).await?.ok_or(Code::NotFound)?;
    let mut steps = vec![Explained::Nothing];
    let mut state = None;
    if let Some((holder, its)) = portal.db.person_license(stock.id, &person.id).await? {
        state = Some(its);
        steps.extend(origin::given(portal, stock.id, &holder, true).await?);
    }
    Ok(Explanation {
        asset_name: stock.name.clone(),
        holder_name: person.name,
        key: person.user_name,
        holder_kind: GroupKind::People,
        kind: LicenseKind::User,
        brought: Vec::new(),
        steps,
        settled: None,
        verdict: None,
        state,
        prompts: None,
        wanted: portal.db.wanted(stock.id, &Asker::Person(person.id)).await?,
    })
}

async fn name_of(portal: &Portal, planning: &Planning, who: Who) -> Result<String, Fault> {
    let (id, key) = named(planning, who);
    let mut names = portal.names(planning, [who]).await?;
    Ok(names.remove(id).unwrap_or_else(|| key.to_owned()))
}

fn holder_of(planning: &Planning, who: Who) -> Option<Holder> {
    Some(match who {
        Who::Device(at) => Holder::Device(planning.data.devices.get(at as usize)?.serial.clone()),
        Who::Person(at) => Holder::User(planning.data.people.get(at as usize)?.client_user_id.clone()?),
    })
}

/// Exclusions first, then the rows of the table that were used, then what came of a migration.
fn steps(bits: Bits, cell: Cell, moved: bool) -> Vec<Explained> {
    let mut steps: Vec<Explained> = excluded_by(bits)
        .map(|members| Explained::Excluded { members })
        .collect();
    let left: Vec<Source> = sources_of(bits).iter().collect();
    match left.as_slice() {
        [] => steps.push(Explained::Nothing),
        [source] => steps.push(Explained::Alone { source: *source }),
        several => {
            let pairs = several
                .iter()
                .enumerate()
                .flat_map(|(at, one)| several.iter().skip(at + 1).map(move |other| (*one, *other)));
            steps.extend(pairs.filter_map(|(one, other)| {
                conflict(one, other).map(|settled| Explained::Row { one, other, settled })
            }));
        }
    }
    if cell.settled.is_some() && left.is_empty() {
        // A person has it through the own devices.
        steps.retain(|step| *step != Explained::Nothing);
    }
    if moved {
        steps.push(Explained::Moved);
    }
    steps
}
