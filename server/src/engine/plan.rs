//! `plan`: who gets a device licence, who has one, who waits, who cannot (A7, A8). Pure and deterministic: the screen's
//! dry run and what is carried out are the same function. This is the plan of devices chosen by hand; that of groups is in
//! `desired.rs` and `fulfil.rs`, and both share licences out by `pool.rs`.

use super::pool::Pool;
use contract::{
    AssetId,
    assignments::{Outcome, Reason},
    devices::{Platform, Platforms},
};

/// An asset as far as the plan goes.
#[derive(Clone, Debug)]
pub struct AssetFacts {
    pub id: AssetId,
    /// Licences free to give: Apple's available ones less those already on their way. None if unlimited.
    pub free: Option<i64>,
    pub device_assignable: bool,
    pub platforms: Platforms,
    /// Positions of the holders that have one or have one on its way, in any order.
    pub has: Vec<u32>,
    /// Positions of the holders whose licence is being taken back, in any order.
    pub leaving: Vec<u32>,
    /// Positions of the devices whose person has a user licence, in any order (A3).
    pub by_user: Vec<u32>,
}

/// What is known of a holder named in the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HolderFacts {
    Device(Platform),
    /// Gets nothing, whatever it is.
    Cannot(Reason),
}

/// Everything the plan is worked out from.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub assets: Vec<AssetFacts>,
    /// In the order of their claim: the first get licences first. Each holder once.
    pub holders: Vec<HolderFacts>,
}

/// One outcome for each asset and holder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// By asset, then by holder, in the order of the facts.
    pub outcomes: Vec<Vec<Outcome>>,
}

/// Works the plan out.
pub fn plan(facts: &Facts) -> Plan {
    Plan {
        outcomes: facts
            .assets
            .iter()
            .map(|asset| plan_asset(asset, &facts.holders))
            .collect(),
    }
}

fn plan_asset(asset: &AssetFacts, holders: &[HolderFacts]) -> Vec<Outcome> {
    let [has, leaving, by_user] =
        [&asset.has, &asset.leaving, &asset.by_user].map(|positions| marked(positions, holders.len()));
    let mut pool = Pool::of(asset.free);
    let cannot = |reason| Outcome::Cannot { reason };
    holders
        .iter()
        .zip(has.into_iter().zip(leaving).zip(by_user))
        .map(|(holder, ((has, leaving), by_user))| match holder {
            _ if has => Outcome::Has,
            _ if leaving => cannot(Reason::UnderWay),
            HolderFacts::Cannot(reason) => cannot(*reason),
            HolderFacts::Device(platform) if !asset.platforms.suit(*platform) => {
                cannot(Reason::RunsElsewhere)
            }
            HolderFacts::Device(_) if !asset.device_assignable => cannot(Reason::NotDeviceAssignable),
            HolderFacts::Device(_) if by_user => cannot(Reason::OtherKind),
            HolderFacts::Device(_) if pool.take(None) => Outcome::Gets,
            HolderFacts::Device(_) => Outcome::Waits,
        })
        .collect()
}

fn marked(positions: &[u32], count: usize) -> Vec<bool> {
    let mut marks = vec![false; count];
    for position in positions {
        if let Some(mark) = marks.get_mut(*position as usize) {
            *mark = true;
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn facts() -> impl Strategy<Value = Facts> {
        let holder = prop_oneof![
            5 => Just(HolderFacts::Device(Platform::IPadOs)),
            2 => Just(HolderFacts::Device(Platform::MacOs)),
            1 => Just(HolderFacts::Cannot(Reason::UnknownSerial)),
            1 => Just(HolderFacts::Cannot(Reason::UserEnrolment)),
        ];
        let asset = (
            any::<i64>(),
            prop_oneof![3 => (-2..30_i64).prop_map(Some), 1 => Just(None)],
            prop::bool::weighted(0.8),
            prop::sample::subsequence(vec!["iOS", "macOS"], 0..=2),
            prop::collection::vec(0..50_u32, 0..20),
            prop::collection::vec(0..50_u32, 0..5),
            prop::collection::vec(0..50_u32, 0..5),
        )
            .prop_map(
                |(id, free, device_assignable, platforms, has, leaving, by_user)| AssetFacts {
                    id: AssetId(id),
                    free,
                    device_assignable,
                    platforms: Platforms::of(platforms),
                    has,
                    leaving,
                    by_user,
                },
            );
        (
            prop::collection::vec(asset, 0..6),
            prop::collection::vec(holder, 0..40),
        )
            .prop_map(|(assets, holders)| Facts { assets, holders })
    }

    /// The facts after the plan has been carried out.
    fn carried_out(facts: &Facts) -> Facts {
        let mut after = facts.clone();
        for (asset, outcomes) in after.assets.iter_mut().zip(plan(facts).outcomes) {
            for (position, outcome) in outcomes.iter().enumerate() {
                if *outcome == Outcome::Gets {
                    asset.has.push(position as u32);
                    asset.free = asset.free.map(|free| free - 1);
                }
            }
        }
        after
    }

    #[test]
    fn a_device_that_does_not_run_the_app_neither_gets_one_nor_waits_unless_it_has_one() {
        let facts = Facts {
            assets: vec![AssetFacts {
                id: AssetId(1),
                free: Some(1),
                device_assignable: true,
                platforms: Platforms::of(["macOS"]),
                has: vec![0],
                leaving: vec![5],
                by_user: Vec::new(),
            }],
            holders: vec![
                HolderFacts::Device(Platform::IPadOs),
                HolderFacts::Device(Platform::IPadOs),
                HolderFacts::Cannot(Reason::UnknownSerial),
                HolderFacts::Device(Platform::MacOs),
                HolderFacts::Device(Platform::MacOs),
                HolderFacts::Device(Platform::MacOs),
            ],
        };
        let cannot = |reason| Outcome::Cannot { reason };
        assert_eq!(
            plan(&facts).outcomes,
            [[
                Outcome::Has,
                cannot(Reason::RunsElsewhere),
                cannot(Reason::UnknownSerial),
                Outcome::Gets,
                Outcome::Waits,
                cannot(Reason::UnderWay),
            ]]
        );
    }

    proptest! {
        #[test]
        fn never_more_than_the_pool(facts in facts()) {
            for (asset, outcomes) in facts.assets.iter().zip(plan(&facts).outcomes) {
                let gets = outcomes.iter().filter(|outcome| **outcome == Outcome::Gets).count() as i64;
                prop_assert!(asset.free.is_none_or(|free| gets <= free.max(0)));
            }
        }

        #[test]
        fn nobody_waits_while_a_licence_is_free(facts in facts()) {
            for (asset, outcomes) in facts.assets.iter().zip(plan(&facts).outcomes) {
                let gets = outcomes.iter().filter(|outcome| **outcome == Outcome::Gets).count() as i64;
                if outcomes.contains(&Outcome::Waits) {
                    prop_assert_eq!(Some(gets), asset.free.map(|free| free.max(0)));
                }
            }
        }

        #[test]
        fn the_first_get_before_the_later(facts in facts()) {
            for outcomes in plan(&facts).outcomes {
                let last_gets = outcomes.iter().rposition(|outcome| *outcome == Outcome::Gets);
                let first_waits = outcomes.iter().position(|outcome| *outcome == Outcome::Waits);
                if let (Some(last), Some(first)) = (last_gets, first_waits) {
                    prop_assert!(last < first);
                }
            }
        }

        #[test]
        fn only_known_devices_without_one_get_one(facts in facts()) {
            for (asset, outcomes) in facts.assets.iter().zip(plan(&facts).outcomes) {
                prop_assert_eq!(outcomes.len(), facts.holders.len());
                for (position, outcome) in outcomes.iter().enumerate() {
                    if matches!(outcome, Outcome::Gets | Outcome::Waits) {
                        prop_assert!(asset.device_assignable);
                        prop_assert!(!asset.has.contains(&(position as u32)));
                        prop_assert!(!asset.leaving.contains(&(position as u32)));
                        prop_assert!(!asset.by_user.contains(&(position as u32)));
                        let HolderFacts::Device(platform) = facts.holders[position] else {
                            return Err(TestCaseError::fail("no device"));
                        };
                        prop_assert!(asset.platforms.suit(platform));
                    }
                }
            }
        }

        #[test]
        fn empty_when_applied_twice(facts in facts()) {
            let again = plan(&carried_out(&facts));
            prop_assert!(again.outcomes.iter().flatten().all(|outcome| *outcome != Outcome::Gets));
        }

        #[test]
        fn the_order_of_assets_and_of_what_is_held_does_not_matter(facts in facts()) {
            let mut turned = facts.clone();
            turned.assets.reverse();
            for asset in &mut turned.assets {
                asset.has.reverse();
                asset.leaving.reverse();
                asset.by_user.reverse();
            }
            let mut outcomes = plan(&turned).outcomes;
            outcomes.reverse();
            prop_assert_eq!(outcomes, plan(&facts).outcomes);
        }
    }
}
