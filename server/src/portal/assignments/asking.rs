//! A4: an available app takes its licence when somebody asks for it. The check-in page and an MDM call this.

use super::super::Portal;
use crate::engine::{desired::Who, planning::Planning};
use contract::{
    AssetId, Code, Fault,
    assignments::{Reason, Verdict},
};
use store::assignments::Asker;

impl Portal {
    /// Asks for an app; the licence is taken at once, or waited for. Nothing changes for whoever has it or waits for it.
    /// What a reclaim rule took may be asked for again (R3). [`Code::NotOffered`] if no assignment offers it to them.
    pub async fn ask_for(&self, asset: AssetId, who: &Asker) -> Result<(), Fault> {
        match self.verdict_of(asset, who).await? {
            Some(
                Verdict::Offered
                | Verdict::Cannot {
                    reason: Reason::Reclaimed,
                },
            ) => {
                self.db.ask(asset, who, self.clock.now()).await?;
                self.wake.ring();
                Ok(())
            }
            Some(Verdict::Has | Verdict::Gets | Verdict::Draws | Verdict::Waits { .. }) => Ok(()),
            _ => Err(Code::NotOffered.into()),
        }
    }

    async fn verdict_of(&self, asset: AssetId, who: &Asker) -> Result<Option<Verdict>, Fault> {
        let planning = Planning::read(&self.db, &[asset], None).await?;
        let data = &planning.data;
        let position = match who {
            Asker::Device(id) => data
                .devices
                .binary_search_by(|device| device.id.cmp(id))
                .map(|at| Who::Device(at as u32)),
            Asker::Person(id) => data
                .people
                .binary_search_by(|person| person.id.cmp(id))
                .map(|at| Who::Person(at as u32)),
        };
        let Ok(who) = position else { return Ok(None) };
        let plan = planning.plans().pop().unwrap_or_default();
        let line = plan.lines.iter().find(|line| line.who == who);
        Ok(line.map(|line| line.verdict))
    }
}
