//! R1: what assignments would give again of what somebody wants taken back, so that nobody is surprised.

use super::{desired::Who, planning::Planning};
use contract::{
    assignments::Verdict,
    licenses::{Holder, LicenseState},
};
use std::collections::BTreeSet;
use store::{operations::Pair, planning::PlanningData};

impl Planning {
    /// How many of these licences would be given again, or waited for, once they are taken back. Whoever asked for one
    /// does not ask again by that.
    pub fn given_again(mut self, taken: &BTreeSet<Pair>) -> i64 {
        let data = &self.data;
        let goes = |asset, who| holder_of(data, who).is_some_and(|holder| taken.contains(&(asset, holder)));
        for asset in &mut self.desired.assets {
            let id = asset.id;
            let before = asset.held.len();
            asset
                .held
                .retain(|held| held.state != LicenseState::Held || !goes(id, held.who));
            asset.asked.retain(|(who, _)| !goes(id, *who));
            let freed = before.saturating_sub(asset.held.len());
            asset.free = asset.free.map(|free| free + freed as i64);
        }
        let plans = self.plans();
        let assets = self.desired.assets.iter().zip(&plans);
        let again = assets.flat_map(|(asset, plan)| {
            plan.lines.iter().filter(|line| {
                let gives = matches!(
                    line.verdict,
                    Verdict::Gets | Verdict::Draws | Verdict::Waits { .. }
                );
                gives
                    && holder_of(&self.data, line.who)
                        .is_some_and(|holder| taken.contains(&(asset.id, holder)))
            })
        });
        again.count() as i64
    }
}

fn holder_of(data: &PlanningData, who: Who) -> Option<Holder> {
    match who {
        Who::Device(position) => {
            let device = data.devices.get(position as usize)?;
            Some(Holder::Device(device.serial.clone()))
        }
        Who::Person(position) => {
            let person = data.people.get(position as usize)?;
            Some(Holder::User(person.client_user_id.clone()?))
        }
    }
}
