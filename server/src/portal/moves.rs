//! The migration assistant (A10).

use super::{Portal, operations::check_reason};
use crate::{
    clock::new_id,
    engine::moves::{missing, needed, next, peak, stays},
};
use async_trait::async_trait;
use contract::{
    AssetId, Caller, Code, Fault, LocationId, MoveId, Permission,
    catalog::ProductType,
    moves::{MoveCost, MoveForm, MoveOrder, MoveState, MoveView, MoveWait, Moves, Stay},
    tokens::Deed,
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use store::{
    catalog::StockAsset,
    moves::{MovePerson, NewMove},
};

fn check_pace(form: &MoveForm) -> Result<usize, Fault> {
    match usize::try_from(form.pace) {
        Ok(pace) if (1..=MoveForm::FASTEST).contains(&form.pace) => Ok(pace),
        _ => Err(Fault::field("pace", Code::ChoiceInvalid)),
    }
}

/// What no migration is possible of.
fn check_asset(asset: &StockAsset) -> Result<(), Fault> {
    match () {
        () if asset.product == ProductType::Book => Err(Code::BookUserOnly.into()),
        () if !asset.device_assignable => Err(Code::NotDeviceAssignable.into()),
        () if !asset.can_be_revoked() => Err(Code::NotRevocable.into()),
        () => Ok(()),
    }
}

impl Portal {
    async fn movable(&self, asset: AssetId) -> Result<StockAsset, Fault> {
        let found = self.db.assets(&[asset]).await?;
        let asset = found.into_iter().next().ok_or(Code::NotFound)?;
        check_asset(&asset)?;
        Ok(asset)
    }

    /// Those who can move, in order, and why the others stay.
    async fn movers(&self, form: &MoveForm) -> Result<(Vec<MovePerson>, BTreeMap<Stay, i64>), Fault> {
        let mut reasons = BTreeMap::new();
        let mut movers = Vec::new();
        for person in self.db.user_holders(form.asset).await? {
            match stays(&person) {
                Some(stay) => *reasons.entry(stay).or_default() += 1,
                None => movers.push(person),
            }
        }
        if form.order == MoveOrder::Fewest {
            movers.sort_by_key(|person| missing(person).count());
        }
        Ok((movers, reasons))
    }

    /// For whom the migration of the asset lacks licences now.
    async fn waits_for(&self, location: &LocationId, asset: AssetId) -> Result<Option<MoveWait>, Fault> {
        let running = self.db.running_moves(location, self.clock.now()).await?;
        let Some(one) = running.into_iter().find(|one| one.asset == asset) else {
            return Ok(None);
        };
        let people = self.db.move_people(one.number, one.pace * 2).await?;
        let free = self.db.free_to_give(asset).await?;
        let pace = usize::try_from(one.pace).unwrap_or(1);
        let next = next(&people, pace, free, one.state);
        let Some((holder, missing)) = next.short.clone().filter(|_| next.is_idle()) else {
            return Ok(None);
        };
        let found = people.into_iter().find(|person| person.holder == holder);
        let name = found.and_then(|person| person.name).unwrap_or(holder);
        Ok(Some(MoveWait { name, missing }))
    }
}

#[async_trait]
impl Moves for Portal {
    async fn cost(&self, caller: &Caller, form: MoveForm) -> Result<(MoveCost, Option<MoveView>), Fault> {
        caller.need(Permission::ViewLicenses)?;
        let pace = check_pace(&form)?;
        let asset = self.movable(form.asset).await?;
        let (movers, stays) = self.movers(&form).await?;
        let needed = needed(&movers);
        let devices = movers.iter().flat_map(|person| &person.devices);
        let devices: BTreeSet<_> = devices.map(|device| &device.serial).collect();
        let devices = devices.len() as i64;
        let all: i64 = needed.iter().sum();
        let cost = MoveCost {
            asset: form.asset,
            asset_name: asset.name,
            location_name: asset.location_name,
            users: movers.len() as i64 + stays.values().sum::<i64>(),
            people: movers.len() as i64,
            needed: all,
            has: devices - all,
            peak: peak(&needed, pace),
            free: self.db.free_to_give(form.asset).await?,
            stays: stays.into_iter().collect(),
        };
        let mut last = self.db.newest_move(form.asset).await?;
        if let Some(last) = &mut last
            && last.state != MoveState::Done
        {
            last.waits = self.waits_for(&asset.location, form.asset).await?;
        }
        Ok((cost, last))
    }

    async fn start(&self, caller: &Caller, form: MoveForm) -> Result<MoveId, Fault> {
        caller.need(Permission::AssignLicenses)?;
        caller.need(Permission::RevokeLicenses)?;
        check_pace(&form)?;
        let reason = check_reason(&form.reason)?;
        let asset = self.movable(form.asset).await?;
        self.need_standing(&asset.location, Deed::Assign).await?;
        let (movers, _) = self.movers(&form).await?;
        if movers.is_empty() {
            return Err(Code::NothingChosen.into());
        }
        let now = self.clock.now();
        let new = NewMove {
            id: MoveId(new_id(now)),
            asset: form.asset,
            pace: form.pace,
            account: caller.id.clone(),
            by: caller.name.clone(),
            reason: match reason {
                "" => "migration to device licences".to_owned(),
                words => format!("migration to device licences; {words}"),
            },
            created_at: now,
            holders: movers.into_iter().map(|person| person.holder).collect(),
        };
        let details = json!({
            "asset": form.asset, "people": new.holders.len(), "pace": form.pace, "order": form.order, "reason": reason,
        });
        let insert = self.db.insert_move(&new);
        self.audited(caller, "moves.start", new.id.as_str(), details, insert)
            .await?;
        Ok(new.id)
    }

    async fn stop(&self, caller: &Caller, id: &MoveId) -> Result<(), Fault> {
        self.set_move(caller, id, MoveState::Stopped, "moves.stop").await
    }

    async fn go_on(&self, caller: &Caller, id: &MoveId) -> Result<(), Fault> {
        self.set_move(caller, id, MoveState::Running, "moves.go_on").await
    }

    async fn end(&self, caller: &Caller, id: &MoveId) -> Result<(), Fault> {
        caller.need(Permission::AssignLicenses)?;
        caller.need(Permission::RevokeLicenses)?;
        let end = self.db.give_move_up(id, self.clock.now());
        self.audited(caller, "moves.end", id.as_str(), json!({}), end)
            .await?;
        Ok(())
    }
}

impl Portal {
    async fn set_move(
        &self,
        caller: &Caller,
        id: &MoveId,
        state: MoveState,
        action: &str,
    ) -> Result<(), Fault> {
        caller.need(Permission::AssignLicenses)?;
        caller.need(Permission::RevokeLicenses)?;
        let set = self.db.set_move_state(id, state, self.clock.now());
        self.audited(caller, action, id.as_str(), json!({}), set).await?;
        Ok(())
    }
}
