//! The task that processes a location's events, and the state it keeps of them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use super::{Event, Job, Work, licenses, users};
use crate::faults::FaultTable;
use crate::wire::{ErrorResponse, EventState};
use crate::world::{Location, LocationState, World};

/// Tasks between which other requests get their turn.
pub(super) const SLICE: usize = 100;

/// Events that `status` still knows; the oldest go first.
const KEPT_EVENTS: usize = 250_000;

/// Accepts an event: it is PENDING from now on and processed later.
pub(crate) fn accept(world: &Arc<World>, location: &Arc<Location>, requested: usize, work: Work) -> Uuid {
    let id = world.dice.uuid();
    let kind = work.kind();
    let work = Arc::new(work);
    let event = Event {
        kind,
        state: EventState::Pending,
        requested,
        completed: 0,
        failures: Vec::new(),
        work: Some(Arc::clone(&work)),
    };
    location.state.write().add_event(id, event);
    let job = Job {
        id,
        accepted: Instant::now(),
        work,
    };
    let jobs = location.jobs.get_or_init(|| start(world, location));
    if jobs.send(job).is_err() {
        tracing::debug!(%id, "the sandbox is shutting down, an event stays pending");
    }
    id
}

fn start(world: &Arc<World>, location: &Arc<Location>) -> UnboundedSender<Job> {
    let (sender, receiver) = unbounded_channel();
    let stop = world.stop.clone();
    let task = run(Arc::clone(world), Arc::clone(location), receiver);
    world
        .tasks
        .spawn(async move { stop.run_until_cancelled(task).await });
    sender
}

async fn run(world: Arc<World>, location: Arc<Location>, mut jobs: UnboundedReceiver<Job>) {
    while let Some(Job { id, accepted, work }) = jobs.recv().await {
        until_due(&world.faults, &location.uid, accepted).await;
        perform(&world, &location, id, &work).await;
    }
}

/// Waits until an event is due by the latency that is in force: another one holds for what is under way, too.
async fn until_due(faults: &FaultTable, uid: &str, accepted: Instant) {
    let mut changes = faults.changes();
    let due = || accepted + Duration::from_millis(faults.of(uid).faults.event_latency_ms);
    while let Ok(Ok(())) = timeout_at(due(), changes.changed()).await {}
}

async fn perform(world: &Arc<World>, location: &Arc<Location>, id: Uuid, work: &Work) {
    match work {
        Work::Licenses {
            kind,
            assets,
            holders,
        } => licenses::process(world, location, id, *kind, assets, holders).await,
        Work::Users { kind, users } => users::process(world, location, id, *kind, users),
    }
}

/// Processes, without any latency, what was pending when the world was saved; an event that was half done begins anew.
pub(crate) async fn catch_up(world: &Arc<World>) {
    for location in world.all_locations() {
        let pending = location.state.read().pending_events();
        for (id, work) in pending {
            perform(world, &location, id, &work).await;
        }
    }
}

impl LocationState {
    /// Adds the newest event.
    pub(crate) fn add_event(&mut self, id: Uuid, event: Event) {
        self.events.insert(id, event);
        self.event_order.push_back(id);
        if self.event_order.len() > KEPT_EVENTS
            && let Some(oldest) = self.event_order.pop_front()
        {
            self.events.remove(&oldest);
        }
    }

    /// What is pending, in the order of acceptance.
    fn pending_events(&self) -> Vec<(Uuid, Arc<Work>)> {
        let work = |id: &Uuid| Some((*id, Arc::clone(self.events.get(id)?.work.as_ref()?)));
        self.event_order.iter().filter_map(work).collect()
    }

    /// Sets how many tasks the event has now that those before it are done, before its first.
    pub(super) fn begin_event(&mut self, id: Uuid, requested: usize) {
        if let Some(event) = self.events.get_mut(&id) {
            event.requested = requested;
            event.completed = 0;
        }
    }

    /// Counts tasks that succeeded.
    pub(super) fn advance_event(&mut self, id: Uuid, completed: usize) {
        if let Some(event) = self.events.get_mut(&id) {
            event.completed += completed;
        }
    }

    /// Ends the event: COMPLETE without failures, FAILED with any.
    pub(super) fn finish_event(&mut self, id: Uuid, failures: Vec<ErrorResponse>) {
        if let Some(event) = self.events.get_mut(&id) {
            event.state = if failures.is_empty() {
                EventState::Complete
            } else {
                EventState::Failed
            };
            event.failures = failures;
            event.work = None;
        }
    }
}
