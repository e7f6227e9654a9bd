//! Operations: written before they are sent, ended by what Apple confirms.
//!
//! A batch goes `prepared` → `sending` → `sent` → `done`. After a crash, `prepared` was never sent, `sent` has Apple's
//! event, and only of `sending` the outcome is unknown: the worker reads at Apple before it sends again.

use crate::{Result, locations::Fence, plans::Applies, sync::AssetKey};
use async_trait::async_trait;
use contract::{
    AccountId, AppleError, AssetId, Fault, LocationId, OperationId, Page, UnixMillis,
    activity::{ItemQuery, OperationItem, OperationKind, OperationQuery, OperationRow, OperationState},
    licenses::Holder,
};
use std::collections::BTreeSet;

/// One of a batch's pairs.
pub type Pair = (AssetId, Holder);

/// An operation to be written down.
#[derive(Clone, Debug)]
pub struct NewOperation {
    pub id: OperationId,
    pub location: LocationId,
    pub kind: OperationKind,
    pub account: AccountId,
    /// The account's name, for the ledger.
    pub by: String,
    pub reason: String,
    pub created_at: UnixMillis,
    /// Not to be sent before this moment.
    pub held_until: Option<UnixMillis>,
    /// The operation that it reverses.
    pub undoes: Option<OperationId>,
    /// Each is one call to Apple: every asset with every holder.
    pub batches: Vec<NewBatch>,
    /// For the waiting list (assign only), the first first.
    pub waiting: Vec<Pair>,
}

impl NewOperation {
    /// The assignment that it undoes, if it does.
    pub(crate) fn takes_back(&self) -> Option<&OperationId> {
        self.undoes
            .as_ref()
            .filter(|_| self.kind == OperationKind::Revoke)
    }
}

/// How those who begin to wait at the same moment follow one another (A8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turns {
    /// As [`NewOperation::waiting`] names them: what is planned by hand is in the order of the devices chosen.
    AsListed,
    /// As the engine plans: by the ids of the devices, then of the people.
    ByHolder,
}

impl Turns {
    /// Of those in [`NewOperation::waiting`], whatever they wait for.
    pub(crate) fn numbers(self) -> impl Iterator<Item = i64> {
        (1..).map(move |place| match self {
            Turns::AsListed => place,
            Turns::ByHolder => 0,
        })
    }
}

/// The licence as it was has a place in the line, which it keeps until it is held or refused for another reason (A8): it
/// waits, or failed since none was left, as Pomona or Apple (9709) counts.
pub(crate) const IN_LINE: &str =
    "(licenses.state = 0 OR licenses.state = 5 AND coalesce(licenses.error_number, 9709) = 9709)";

/// One call to Apple: every asset with every holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBatch {
    pub assets: Vec<AssetId>,
    pub holders: Vec<Holder>,
}

/// How far an open batch is. Stored as a small number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchState {
    /// Written down, never sent.
    Prepared,
    /// About to be sent, or sent without an answer: the outcome is unknown after a crash or a transport error.
    Sending,
    /// Apple has it, under this event.
    Sent,
}

/// An open batch, as the worker takes it up.
#[derive(Clone, Debug)]
pub struct Batch {
    pub id: i64,
    pub operation: OperationId,
    pub kind: OperationKind,
    pub state: BatchState,
    pub assets: Vec<(AssetId, AssetKey)>,
    pub holders: Vec<Holder>,
    /// Apple's `eventId`.
    pub event: Option<String>,
    /// When the state changed last.
    pub since: UnixMillis,
    /// Tries that failed since the last success.
    pub attempts: i64,
    /// How often it was sent and came to nothing for the moment.
    pub rounds: i64,
}

/// What became of a batch's pairs. Pairs that are named nowhere stay open in `again`.
#[derive(Clone, Debug, Default)]
pub struct BatchResult {
    pub done: Vec<Pair>,
    pub failed: Vec<(Pair, AppleError)>,
    /// What is still to be sent, as new prepared batches.
    pub again: Vec<NewBatch>,
    /// Those came to nothing for the moment: they are not sent before, and count as another round.
    pub later: Option<UnixMillis>,
    /// Why, for the operation that waits.
    pub fault: Option<Fault>,
}

/// What a batch asked of Apple.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Assign,
    Revoke,
}

impl Call {
    /// By the stored kind of its operation.
    pub(crate) fn of(kind: &str) -> Self {
        match kind == OperationKind::Assign.as_str() {
            true => Self::Assign,
            false => Self::Revoke,
        }
    }
}

/// The assets of which these give licences.
pub(crate) fn given(operations: &[NewOperation]) -> BTreeSet<i64> {
    let assigning = operations
        .iter()
        .filter(|operation| operation.kind == OperationKind::Assign);
    assigning
        .flat_map(|operation| &operation.batches)
        .flat_map(|batch| batch.assets.iter().map(|asset| asset.0))
        .collect()
}

#[async_trait]
pub trait Operations: Send + Sync {
    /// In one transaction: the operations, their batches and items; the licences become requested, waiting or
    /// releasing (an existing failed or waiting licence is taken over); the assets' pending and waiting counts;
    /// ledger lines "queued" for what waits, "requested"/"releasing" come with [`Operations::batch_sent`]. They are one
    /// act (R4). With `plan`, that plan becomes applied by the first operation; [`contract::Code::PlanLapsed`] if it is
    /// applied already, or if there are no longer enough licences.
    /// [`contract::Code::AlreadyUndone`] if one of them reverses what another one reverses already. Without a plan,
    /// [`contract::Code::NothingChosen`] (or [`contract::Code::NothingToUndo`]) if nothing is left to do in any of them.
    /// A pair that another open operation holds requested or releasing is left out silently (items too), and so is what
    /// cannot be revoked, a book above all.
    async fn insert_operations(&self, operations: &[NewOperation], plan: Option<Applies<'_>>) -> Result<()>;
    /// T8: the newest that took back everything of its location ([`crate::fulfilment::Fulfil::revoke_everything`]).
    async fn revocation_of_all(&self, location: &LocationId) -> Result<Option<OperationRow>>;
    /// Open batches of the location that may be worked on at `now`: those `sending` and `sent` first, then prepared
    /// ones in order; at most `limit`. Of stalled and blocked operations only
    /// what was sent is there, to be followed, if the tokens allow it.
    async fn open_batches(&self, fence: &Fence, now: UnixMillis, limit: u32) -> Result<Vec<Batch>>;
    /// About to be sent: a durable commit. [`crate::StoreError::NotFound`] if its operation was cancelled or halted.
    async fn batch_sending(&self, fence: &Fence, batch: i64, now: UnixMillis) -> Result<()>;
    /// Apple has taken it: a durable commit, with ledger lines.
    async fn batch_sent(&self, fence: &Fence, batch: i64, event: &str, now: UnixMillis) -> Result<()>;
    /// To be looked at again at `not_before`; with `to`, back to that state. Counts an attempt if `fault` is some: the
    /// operation has it while it waits for the next, until anything of it succeeds.
    async fn batch_later(
        &self,
        fence: &Fence,
        batch: i64,
        to: Option<BatchState>,
        not_before: UnixMillis,
        fault: Option<&Fault>,
    ) -> Result<()>;
    /// Nothing can be done for the location before `until`: its open batches wait, and its operations say why. That counts as
    /// nobody's attempt.
    async fn hold_batches(&self, fence: &Fence, until: UnixMillis, fault: &Fault) -> Result<()>;
    /// Ends a batch in one durable transaction: items, licences (assign: held or failed; revoke: row removed, or held
    /// again with the error), the assets' counts and digests (dirty), ledger lines with `event`, the operation's numbers;
    /// the operation is done when its last batch is.
    async fn end_batch(&self, fence: &Fence, batch: i64, result: &BatchResult, now: UnixMillis)
    -> Result<()>;
    /// Blocked or stalled, with the reason; its open batches stay as they are.
    async fn halt_operation(
        &self,
        fence: &Fence,
        id: &OperationId,
        state: OperationState,
        fault: &Fault,
    ) -> Result<()>;
    /// [`contract::Code::NotResumable`] unless stalled or blocked. Attempts and rounds start from zero.
    async fn resume_operation(&self, id: &OperationId, now: UnixMillis) -> Result<LocationId>;
    /// Ends a revocation of which no batch was ever sent: its licences are held as before, its items stay open. What a
    /// rule was about to take by itself, rules leave alone from now on (R3), kept `by` whoever cancels.
    /// [`contract::Code::NotCancellable`] for any other operation.
    async fn cancel_operation(&self, id: &OperationId, by: &str, now: UnixMillis) -> Result<()>;
    /// Of what an ended operation did, the pairs that are still so: revoked and not given since, or assigned and
    /// still held by this operation's doing. [`contract::Code::AlreadyUndone`] where another reverses it,
    /// [`contract::Code::NotReversible`] for any other operation.
    async fn reversible_pairs(&self, id: &OperationId) -> Result<Vec<Pair>>;
    /// How many wait by hand since that operation: reversing it has them wait no more.
    async fn waiting_since(&self, id: &OperationId) -> Result<i64>;

    async fn operation_list(&self, query: &OperationQuery) -> Result<Page<OperationRow>>;
    /// [`crate::StoreError::NotFound`]
    async fn operation(&self, id: &OperationId) -> Result<OperationRow>;
    async fn operation_items(&self, id: &OperationId, query: &ItemQuery) -> Result<Page<OperationItem>>;
    /// The location's that have not ended, newest first.
    async fn open_operations(&self, location: &LocationId) -> Result<Vec<OperationRow>>;
    /// Not ended, newest first, at most ten.
    async fn running_operations(&self) -> Result<Vec<OperationRow>>;
}
