//! User licences become licences of devices, person by person (A10): each device gets its own, Apple confirms all of them,
//! and only then the user's goes. What is next is worked out from the licences as they are, so that a crash or a stop
//! changes nothing.

use super::{Engine, batches::operation, planning::Actor};
use contract::{
    Code, Fault, Serial,
    activity::OperationKind,
    licenses::{Holder, LicenseState},
    moves::{MoveState, Stay},
    tokens::Deed,
};
use std::collections::BTreeSet;
use store::{
    StoreError,
    locations::{Fence, Location},
    moves::{MoveDevice, MovePerson, MoveStep, Moving, RunningMove},
    operations::NewOperation,
};

use LicenseState::{Failed, Held, Releasing, Requested};

/// What is to be done next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Next {
    /// Devices that get a licence, each once, and in whose place.
    pub assign: Vec<(Serial, String)>,
    /// Client user ids whose licence goes.
    pub revoke: Vec<String>,
    /// People who are elsewhere on their way now.
    pub states: Vec<(String, Moving)>,
    /// The first whose devices lack more licences than are free: the client user id, and how many more.
    pub short: Option<(String, i64)>,
}

impl Next {
    /// There is nothing to do but to wait.
    pub fn is_idle(&self) -> bool {
        self.assign.is_empty() && self.revoke.is_empty() && self.states.is_empty()
    }

    /// Has the person's devices get what they lack; nothing, if too few are free. Devices of two accounts of one person get
    /// theirs once.
    fn give(&mut self, person: &MovePerson, free: &mut Option<i64>) -> bool {
        let given = |device: &&MoveDevice| !self.assign.iter().any(|(serial, _)| *serial == device.serial);
        let lacking: Vec<_> = missing(person)
            .filter(given)
            .map(|device| (device.serial.clone(), person.holder.clone()))
            .collect();
        let missing = take(free, lacking.len());
        match missing {
            0 => self.assign.extend(lacking),
            missing if self.short.is_none() => self.short = Some((person.holder.clone(), missing)),
            _ => {}
        }
        missing == 0
    }
}

/// Why this person cannot move at all.
pub fn stays(person: &MovePerson) -> Option<Stay> {
    let devices = || person.devices.iter();
    match () {
        () if !person.known => Some(Stay::UnknownUser),
        () if person.devices.is_empty() && person.runs_elsewhere => Some(Stay::RunsElsewhere),
        () if person.devices.is_empty() => Some(Stay::NoDevices),
        () if devices().any(|device| device.user_enrolled) => Some(Stay::UserEnrolled),
        () => None,
    }
}

/// The licences that the person's devices lack.
pub fn missing(person: &MovePerson) -> impl Iterator<Item = &MoveDevice> {
    let there = |device: &&MoveDevice| !matches!(device.state, Some(Requested | Held | Releasing));
    person.devices.iter().filter(there)
}

/// How many licences each of them needs who move in this order; a device that several of a person's accounts have needs
/// one.
pub fn needed(people: &[MovePerson]) -> Vec<i64> {
    let mut seen = BTreeSet::new();
    people
        .iter()
        .map(|person| {
            missing(person)
                .filter(|device| seen.insert(&device.serial))
                .count() as i64
        })
        .collect()
}

/// The most licences needed beside those held at the beginning, where so many people at once move one after the other and
/// each of them needs that many: a person's own comes back only at the end.
pub fn peak(needed: &[i64], pace: usize) -> i64 {
    let mut before = 0;
    let mut most = 0;
    for window in needed.chunks(pace.max(1)) {
        let all: i64 = window.iter().sum();
        most = most.max(before + all);
        before += all - window.len() as i64;
    }
    most.max(0)
}

/// One step: those who are on their way first, then, while the migration runs, as many others as the pace and the free
/// licences allow, in order.
pub fn next(people: &[MovePerson], pace: usize, free: Option<i64>, migration: MoveState) -> Next {
    let mut next = Next::default();
    let begun = |person: &&MovePerson| person.moving != Moving::ToCome;
    let mut free = free;
    let mut under_way = 0;
    for person in people.iter().filter(begun) {
        match advance(person, &mut next, &mut free) {
            Some(state) => {
                under_way += usize::from(state == Moving::Releasing);
                next.states.push((person.holder.clone(), state));
            }
            None => under_way += 1,
        }
    }
    let others = people.iter().filter(|person| !begun(person));
    for person in others.filter(|_| migration == MoveState::Running) {
        if person.user != Some(Held) {
            if nothing_to_move(person) {
                next.states.push((person.holder.clone(), Moving::Done));
            }
            continue;
        }
        if let Some(stay) = stays(person) {
            next.states.push((person.holder.clone(), Moving::Stays(stay)));
            continue;
        }
        if under_way >= pace {
            continue;
        }
        if !next.give(person, &mut free) {
            // Those behind come after, even if they needed less.
            break;
        }
        under_way += 1;
        let state = match () {
            () if person.devices.iter().all(|device| device.state == Some(Held)) => {
                next.revoke.push(person.holder.clone());
                Moving::Releasing
            }
            () => Moving::Assigning,
        };
        next.states.push((person.holder.clone(), state));
    }
    next
}

/// Takes that many, or nothing; answers how many are missing.
fn take(free: &mut Option<i64>, count: usize) -> i64 {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    match free {
        None => 0,
        Some(left) if *left >= count => {
            *left -= count;
            0
        }
        // Fewer than none, where others wait in the line or have some reserved.
        Some(left) => count - *left,
    }
}

/// The user licence is gone: whoever left the group and came back may wait for another one.
fn nothing_to_move(person: &MovePerson) -> bool {
    !matches!(person.user, Some(Held | Requested | Releasing))
}

/// Apple would not give it a licence; that none is left passes.
fn refused(device: &MoveDevice) -> bool {
    device.state == Some(Failed) && !device.short
}

/// Where somebody who is on the way is from now on; none while that is to be waited for.
fn advance(person: &MovePerson, next: &mut Next, free: &mut Option<i64>) -> Option<Moving> {
    match person.moving {
        Moving::Assigning | Moving::Releasing if nothing_to_move(person) => Some(Moving::Done),
        // None is left that could have one of its own: the user's stays.
        Moving::Assigning if person.devices.is_empty() => stays(person).map(Moving::Stays),
        Moving::Assigning if person.devices.iter().any(refused) => Some(Moving::Stays(Stay::Refused)),
        Moving::Assigning if person.devices.iter().all(|device| device.state == Some(Held)) => {
            next.revoke.push(person.holder.clone());
            Some(Moving::Releasing)
        }
        Moving::Assigning => {
            // A device that came meanwhile, whose licence was taken by somebody else, or that found none left.
            next.give(person, free);
            None
        }
        Moving::Releasing if person.user == Some(Held) => Some(Moving::Stays(Stay::Refused)),
        Moving::Releasing | Moving::ToCome | Moving::Done | Moving::Stays(_) => None,
    }
}

impl Engine {
    /// Goes on with the location's migrations, until there is something to wait for.
    pub(super) async fn move_on(&self, fence: &Fence, location: &Location) -> Result<(), Fault> {
        let moves = self.db.running_moves(&location.id, self.clock.now()).await?;
        if moves.is_empty() {
            return Ok(());
        }
        if !self.may(location, Deed::Assign).await? {
            return Ok(());
        }
        for one in moves {
            while self.move_step(fence, &one).await? && !self.stop.is_cancelled() {}
        }
        Ok(())
    }

    /// Answers whether there may be more to do at once.
    async fn move_step(&self, fence: &Fence, one: &RunningMove) -> Result<bool, Fault> {
        let pace = usize::try_from(one.pace).unwrap_or(1);
        let people = self.db.move_people(one.number, one.pace * 2).await?;
        let now = self.clock.now();
        if people.is_empty() {
            self.db.end_move(fence, one.number, now).await?;
            return Ok(false);
        }
        let free = self.db.free_to_give(one.asset).await?;
        let next = next(&people, pace, free, one.state);
        if next.is_idle() {
            return Ok(false);
        }
        let operations = self.move_operations(fence, one, &next).await?;
        let acted = !operations.is_empty();
        let step = MoveStep {
            number: one.number,
            operations,
            given: next.assign,
            states: next.states,
        };
        match self.db.write_move_step(fence, &step).await {
            // Somebody else took them at the same moment: there is more when that is through.
            Err(StoreError::Taken(Code::PlanLapsed)) => return Ok(false),
            written => written?,
        }
        if acted {
            self.show_operations(&fence.location).await?;
            self.wake.ring();
        }
        Ok(!acted)
    }

    async fn move_operations(
        &self,
        fence: &Fence,
        one: &RunningMove,
        next: &Next,
    ) -> Result<Vec<NewOperation>, Fault> {
        let limits = self.limits().await?;
        let now = self.clock.now();
        let actor = Actor {
            account: one.account.clone(),
            name: one.by.clone(),
        };
        let take = |kind, holders: Vec<Holder>| {
            let pairs = holders.into_iter().map(|holder| (one.asset, holder));
            let reason = one.reason.clone();
            operation(kind, &fence.location, &actor, reason, pairs, limits, now)
        };
        let mut operations = Vec::new();
        if !next.assign.is_empty() {
            let devices = next
                .assign
                .iter()
                .map(|(serial, _)| Holder::Device(serial.clone()));
            let devices = devices.collect();
            operations.push(take(OperationKind::Assign, devices));
        }
        if !next.revoke.is_empty() {
            let users = next.revoke.iter().cloned().map(Holder::User).collect();
            operations.push(take(OperationKind::Revoke, users));
        }
        Ok(operations)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(number: u32, state: Option<LicenseState>) -> MoveDevice {
        MoveDevice {
            serial: Serial::known(format!("C02{number:07}")),
            user_enrolled: false,
            state,
            short: false,
        }
    }

    /// Each with devices of their own.
    fn person(holder: &str, moving: Moving, devices: &[Option<LicenseState>]) -> MovePerson {
        let first = holder.bytes().next().map_or(0, u32::from) * 100;
        MovePerson {
            holder: holder.to_owned(),
            moving,
            name: Some(holder.to_owned()),
            known: true,
            user: Some(Held),
            devices: (first..)
                .zip(devices)
                .map(|(at, state)| device(at, *state))
                .collect(),
            runs_elsewhere: false,
        }
    }

    fn states(next: &Next) -> Vec<(&str, Moving)> {
        next.states
            .iter()
            .map(|(holder, state)| (holder.as_str(), *state))
            .collect()
    }

    /// Where a person stands, the user licence and those of the devices; and then the next step, how many are to get one
    /// and how many are to lose it.
    type Row<'a> = (
        Moving,
        Option<LicenseState>,
        &'a [Option<LicenseState>],
        Option<Moving>,
        usize,
        usize,
    );

    #[test]
    fn a10_the_users_licence_goes_only_after_every_device_has_its_own() {
        use Moving::{Assigning, Done, Releasing, Stays, ToCome};
        let refused = Some(Stays(Stay::Refused));
        let waits = Some(LicenseState::Waiting);
        let rows: [Row<'_>; 18] = [
            (ToCome, waits, &[None], Some(Done), 0, 0),
            (ToCome, Some(Failed), &[None], Some(Done), 0, 0),
            (Assigning, waits, &[Some(Requested)], Some(Done), 0, 0),
            (Releasing, waits, &[Some(Held)], Some(Done), 0, 0),
            (ToCome, Some(Held), &[None, None], Some(Assigning), 2, 0),
            (ToCome, Some(Held), &[Some(Held), None], Some(Assigning), 1, 0),
            (ToCome, Some(Held), &[Some(Requested)], Some(Assigning), 0, 0),
            (ToCome, Some(Held), &[Some(Held)], Some(Releasing), 0, 1),
            (ToCome, None, &[None], Some(Done), 0, 0),
            (Assigning, Some(Held), &[Some(Held), Some(Requested)], None, 0, 0),
            (
                Assigning,
                Some(Held),
                &[Some(Held), Some(Held)],
                Some(Releasing),
                0,
                1,
            ),
            (Assigning, Some(Held), &[Some(Held), Some(Failed)], refused, 0, 0),
            (Assigning, Some(Held), &[Some(Held), None], None, 1, 0),
            (
                Releasing,
                Some(LicenseState::Releasing),
                &[Some(Held)],
                None,
                0,
                0,
            ),
            (Releasing, None, &[Some(Held)], Some(Done), 0, 0),
            (Releasing, Some(Held), &[Some(Held)], refused, 0, 0),
            (ToCome, Some(Held), &[], Some(Stays(Stay::NoDevices)), 0, 0),
            (Assigning, Some(Held), &[], Some(Stays(Stay::NoDevices)), 0, 0),
        ];
        for (moving, user, devices, after, assigned, revoked) in rows {
            let one = MovePerson {
                user,
                ..person("u", moving, devices)
            };
            let next = next(std::slice::from_ref(&one), 5, Some(9), MoveState::Running);
            assert_eq!(next.states.first().map(|(_, state)| *state), after, "{one:?}");
            assert_eq!(
                (next.assign.len(), next.revoke.len()),
                (assigned, revoked),
                "{one:?}"
            );
        }
    }

    #[test]
    fn a10_a_device_that_found_none_left_is_given_one_when_there_is_one() {
        let mut one = person("a", Moving::Assigning, &[Some(Held), Some(Failed)]);
        one.devices[1].short = true;
        let one = [one];
        let waits = next(&one, 1, Some(0), MoveState::Running);
        assert!(waits.is_idle(), "it is waited for");
        assert_eq!(waits.short, Some(("a".to_owned(), 1)));
        let again = next(&one, 1, Some(1), MoveState::Running);
        assert_eq!((again.assign.len(), states(&again)), (1, Vec::new()));
    }

    #[test]
    fn a10_a_device_of_two_accounts_gets_one_licence_and_each_account_waits_for_it() {
        let people = ["a", "a2"].map(|account| person(account, Moving::ToCome, &[None]));
        assert_eq!(needed(&people), [1, 0]);
        let both = next(&people, 5, Some(1), MoveState::Running);
        assert_eq!(
            both.assign,
            [(people[0].devices[0].serial.clone(), "a".to_owned())]
        );
        assert_eq!(
            states(&both),
            [("a", Moving::Assigning), ("a2", Moving::Assigning)]
        );
        let waits = ["a", "a2"].map(|account| person(account, Moving::Assigning, &[None]));
        assert_eq!(next(&waits, 5, Some(2), MoveState::Running).assign.len(), 1);
    }

    #[test]
    fn a10_the_pace_the_free_licences_and_the_order_are_kept_and_a_stop_begins_nobody() {
        let new = |holder: &str| person(holder, Moving::ToCome, &[None, None]);
        let people = [
            person("a", Moving::Assigning, &[Some(Requested)]),
            new("b"),
            new("c"),
            new("d"),
        ];
        let all = next(&people, 3, None, MoveState::Running);
        assert_eq!(states(&all), [("b", Moving::Assigning), ("c", Moving::Assigning)]);
        let few = next(&people, 3, Some(3), MoveState::Running);
        assert_eq!(states(&few), [("b", Moving::Assigning)], "c waits for two");
        let short = next(&people, 3, Some(1), MoveState::Running);
        assert!(short.is_idle());
        assert_eq!(short.short, Some(("b".to_owned(), 1)));
        assert_eq!(
            next(&people, 1, Some(0), MoveState::Running),
            Next::default(),
            "the pace comes first"
        );
        assert_eq!(next(&people, 3, None, MoveState::Stopped), Next::default());
        let through = [person("a", Moving::Assigning, &[Some(Held)]), new("b")];
        let stopped = next(&through, 1, None, MoveState::Stopped);
        assert_eq!(
            states(&stopped),
            [("a", Moving::Releasing)],
            "whoever was begun is finished"
        );
    }

    #[test]
    fn a10_who_cannot_move_stays_with_the_reason() {
        let unknown = MovePerson {
            known: false,
            ..person("u", Moving::ToCome, &[None])
        };
        assert_eq!(stays(&unknown), Some(Stay::UnknownUser));
        assert_eq!(stays(&person("u", Moving::ToCome, &[])), Some(Stay::NoDevices));
        let elsewhere = |devices| MovePerson {
            runs_elsewhere: true,
            ..person("u", Moving::ToCome, devices)
        };
        assert_eq!(stays(&elsewhere(&[])), Some(Stay::RunsElsewhere));
        assert_eq!(stays(&elsewhere(&[None])), None, "the others move");
        let mut enrolled = person("u", Moving::ToCome, &[None, None]);
        enrolled.devices[1].user_enrolled = true;
        assert_eq!(stays(&enrolled), Some(Stay::UserEnrolled));
        assert_eq!(stays(&person("u", Moving::ToCome, &[None])), None);
    }

    #[test]
    fn a10_licences_are_needed_twice_for_as_many_as_move_at_once() {
        assert_eq!(peak(&[1, 1, 1], 1), 1, "one after the other, each gives one back");
        assert_eq!(peak(&[1, 1, 1], 3), 3, "all at once");
        assert_eq!(
            peak(&[2, 2, 2], 1),
            4,
            "two devices each: one more stays with each"
        );
        assert_eq!(peak(&[0, 0], 2), 0);
        assert_eq!(peak(&[], 2), 0);
    }
}
