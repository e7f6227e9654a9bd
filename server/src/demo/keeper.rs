//! Keeps the stand-in's state while the demo runs, so that a killed one goes on where it was, but for its last moments.

use crate::start::StartError;
use sandbox::Control;
use std::{path::PathBuf, time::Duration};
use tokio::{task::JoinHandle, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// How much of the stand-in's state is lost at most when the process is killed.
const EVERY: Duration = Duration::from_secs(2);

/// Where the state goes.
#[derive(Clone, Debug)]
pub(super) struct Keeper {
    pub(super) control: Control,
    pub(super) file: PathBuf,
}

/// Keeps on saving until it is stopped.
#[derive(Debug)]
pub(super) struct Keeping {
    keeper: Keeper,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Keeper {
    /// Saves the state as it is.
    pub(super) async fn save(&self) -> Result<(), StartError> {
        let Self { control, file } = self.clone();
        let saved = tokio::task::spawn_blocking(move || control.save(&file)).await;
        match saved {
            Ok(saved) => saved.map_err(|error| StartError::Sandbox(error.to_string())),
            Err(error) => Err(StartError::Sandbox(error.to_string())),
        }
    }

    /// Saves now, and every few seconds when something has changed.
    pub(super) async fn keep(self) -> Result<Keeping, StartError> {
        let kept = self.control.changes();
        self.save().await?;
        let stop = CancellationToken::new();
        let task = tokio::spawn(self.clone().watch(kept, stop.clone()));
        Ok(Keeping {
            keeper: self,
            stop,
            task,
        })
    }

    async fn watch(self, mut kept: u64, stop: CancellationToken) {
        let mut tick = tokio::time::interval(EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = stop.cancelled() => return,
            }
            let changes = self.control.changes();
            if changes == kept {
                continue;
            }
            match self.save().await {
                Ok(()) => kept = changes,
                Err(error) => {
                    tracing::warn!(%error, "the stand-in's state could not be kept; it is tried again")
                }
            }
        }
    }
}

impl Keeping {
    /// Stops, for a last save when nothing changes any more.
    pub(super) async fn end(self) -> Keeper {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the stand-in's state was not kept any more");
        }
        self.keeper
    }
}
