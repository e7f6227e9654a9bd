//! Syncs of a location with 1,000,000 assignments, beside their floor: the same client reads the same pages and throws
//! them away. The stand-in Apple is a program of its own; client, engine and store run in this one.

use crate::{
    Outcome,
    children::{Program, forget_peak, peak, resident},
    help_desk,
    numbers::{mebibytes, median},
    pages,
    place::{Folder, add_owner},
    report::{Budget, Report},
};
use apple::{Apple, AppleSettings, AssetFilter, AssignmentFilter, Pace, ServerToken};
use contract::{
    Caller, TokenId,
    live::LiveEvent,
    tokens::{AccountType, CreateToken, SyncRun, SyncState, TokenCheck, Tokens},
};
use sandbox::Organisation;
use serde_json::Value;
use server::{
    engine::EngineSettings,
    start::{Running, Start, apple_settings, start},
};
use std::time::Duration;
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::Instant,
};

const FULL: &str = "sync.full.1m";
const MEMORY: &str = "sync.full.1m.memory";
const SAME: &str = "sync.same.1m";

pub async fn measure(report: &Report) -> Outcome<()> {
    let syncs = report.wants_any(&[FULL, MEMORY, SAME]);
    let (licences, desk) = (report.wants(pages::LICENCES), report.wants(help_desk::NAME));
    if !syncs && !licences && !desk {
        return Ok(());
    }
    report.progress("starting a stand-in Apple with 1,000,000 assignments");
    let location = Location::start().await?;
    let mut last = None;
    let mut rounds = Vec::new();
    for round in 1..=if syncs { report.runs } else { 1 } {
        // Only the last round's database is of use.
        drop(last.take());
        report.progress(&format!("sync: round {round}"));
        let mut synced = location.first_sync().await?;
        if syncs {
            // The floor between the two, and never before the first: it would leave memory behind for the sync.
            let floor = location.floor().await?;
            let same = synced.sync_again().await?;
            rounds.push(Round {
                full: synced.took,
                growth: synced.growth,
                floor,
                same,
            });
        }
        last = Some(synced.stop().await);
    }
    location.program.stop().await?;
    if syncs {
        print(report, &rounds);
    }
    let Some(data) = last else { return Ok(()) };
    let organisation = &location.organisation;
    if licences {
        let serials: Vec<_> = organisation
            .devices()
            .step_by(7)
            .map(|device| device.serial_number)
            .collect();
        let waits = pages::Waits::licences(&serials, organisation.apps as usize);
        waits.measure(report, &data).await?;
    }
    if desk {
        help_desk::measure(report, &data, organisation).await?;
    }
    Ok(())
}

struct Round {
    full: Duration,
    same: Duration,
    floor: Duration,
    /// Bytes.
    growth: u64,
}

fn print(report: &Report, rounds: &[Round]) {
    let all = |of: &dyn Fn(&Round) -> f64| rounds.iter().map(of).collect::<Vec<_>>();
    let floors = median(&all(&|round| round.floor.as_secs_f64()));
    let times = |seconds: &[f64]| format!("sync {:.2} s, floor {floors:.2} s", median(seconds));
    let full = all(&|round| round.full.as_secs_f64() / round.floor.as_secs_f64());
    let note = times(&all(&|round| round.full.as_secs_f64()));
    report.print_median(FULL, &full, "x", Budget::AtMost(1.3), &note);
    let growth = all(&|round| mebibytes(round.growth));
    let most = growth.iter().copied().fold(0.0, f64::max);
    report.print(
        MEMORY,
        most,
        "MiB",
        Budget::AtMost(64.0),
        &format!("the most of {} syncs", rounds.len()),
    );
    let same = all(&|round| round.same.as_secs_f64() / round.floor.as_secs_f64());
    let note = times(&all(&|round| round.same.as_secs_f64()));
    report.print_median(SAME, &same, "x", Budget::AtMost(1.1), &note);
}

/// The large location at the stand-in Apple.
struct Location {
    program: Program,
    organisation: Organisation,
    token_file: String,
}

impl Location {
    async fn start() -> Outcome<Self> {
        let program = Program::sandbox("million").await?;
        let organisation = Organisation::million();
        let path = format!("/control/locations/{}/tokens", organisation.location_uid(0));
        let answer: Value = serde_json::from_slice(&program.connect().await?.post(&path).await?)?;
        let token_file = answer
            .get("token")
            .and_then(Value::as_str)
            .ok_or("no token came")?
            .to_owned();
        Ok(Self {
            program,
            organisation,
            token_file,
        })
    }

    fn assignments(&self) -> i64 {
        i64::from(self.organisation.assignments)
    }

    fn apple(&self) -> AppleSettings {
        let mut settings = apple_settings(&format!("http://{}/mdm/v2/", self.program.address));
        settings.pace = Pace::Off;
        settings
    }

    /// Everything that a sync reads, thrown away.
    async fn floor(&self) -> Outcome<Duration> {
        let begun = Instant::now();
        let token = ServerToken::from_sealed(self.token_file.clone());
        let client = Apple::new(self.apple())?.location(token, "floor");
        client.client_config().await?;
        let mut assets = client.assets(&AssetFilter::default());
        while let Some(page) = assets.next().await {
            page?;
        }
        let mut assignments = client.assignments(&AssignmentFilter::default());
        let mut read = 0;
        while let Some(page) = assignments.next().await {
            read += page?.body.items.len();
        }
        let took = begun.elapsed();
        if i64::try_from(read)? != self.assignments() {
            return Err(format!("{read} assignments were read").into());
        }
        Ok(took)
    }

    /// A new portal, a new token, and its first sync, from the moment the form is sent.
    async fn first_sync(&self) -> Outcome<Synced> {
        let data = Folder::new()?;
        let running = start(Start {
            storage: data.storage(),
            listen: ([127, 0, 0, 1], 0).into(),
            base_url: None,
            behind_proxy: false,
            apple: self.apple(),
            engine: EngineSettings::default(),
            clock: std::sync::Arc::new(server::clock::SystemClock),
            mail: None,
            demo: false,
        })
        .await?;
        let owner = add_owner(&running.portal).await?;
        let checked = Tokens::check(&running.portal, &owner, &self.token_file).await?;
        let mut news = running.portal.live.listen();
        forget_peak()?;
        let before = resident("self")?;
        let begun = Instant::now();
        let token = Tokens::create(&running.portal, &owner, self.form(&checked)).await?;
        completed(&mut news).await?;
        let took = begun.elapsed();
        let growth = peak("self")?.saturating_sub(before);
        let synced = Synced {
            data,
            running,
            owner,
            token,
            took,
            growth,
            assignments: self.assignments(),
        };
        synced.check(synced.assignments).await?;
        Ok(synced)
    }

    /// The portal of the round before owned the location.
    fn form(&self, checked: &TokenCheck) -> CreateToken {
        CreateToken {
            file: self.token_file.clone(),
            name: self.organisation.name.clone(),
            apple_account: "it@meridian.example".into(),
            take_control: true,
            take_control_from: checked.managed_by.other().unwrap_or_default(),
            keep_duplicate: false,
            country: String::new(),
            account_type: AccountType::Business,
            automatic_updates: true,
            consent: true,
        }
    }
}

/// A portal that has everything.
struct Synced {
    data: Folder,
    running: Running,
    owner: Caller,
    token: TokenId,
    took: Duration,
    /// Of the resident memory at its peak, in bytes.
    growth: u64,
    assignments: i64,
}

impl Synced {
    /// *Sync now*, with nothing changed.
    async fn sync_again(&mut self) -> Outcome<Duration> {
        let mut news = self.running.portal.live.listen();
        let begun = Instant::now();
        Tokens::sync(&self.running.portal, &self.owner, &self.token).await?;
        completed(&mut news).await?;
        let took = begun.elapsed();
        self.check(0).await?;
        Ok(took)
    }

    /// The last sync read everything and added so many licences.
    async fn check(&self, added: i64) -> Outcome<()> {
        let runs = Tokens::syncs(&self.running.portal, &self.owner, &self.token).await?;
        match runs.first() {
            Some(SyncRun {
                state: SyncState::Completed { app_errors: 0, .. },
                assignments,
                added: new,
                removed: 0,
                ..
            }) if (*assignments, *new) == (self.assignments, added) => Ok(()),
            other => Err(format!("the sync ended as {other:?}").into()),
        }
    }

    async fn stop(self) -> Folder {
        self.running.stop().await;
        self.data
    }
}

/// Until a sync that has not begun yet is through.
async fn completed(news: &mut Receiver<LiveEvent>) -> Outcome<()> {
    let mut begun = false;
    loop {
        match news.recv().await {
            Ok(LiveEvent::Sync {
                state: SyncState::InProgress { .. },
                ..
            }) => begun = true,
            Ok(LiveEvent::Sync {
                state: SyncState::Completed { .. },
                ..
            }) if begun => return Ok(()),
            Ok(LiveEvent::Sync {
                state: SyncState::Failed { fault, .. },
                ..
            }) => return Err(fault.into()),
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(error @ RecvError::Closed) => return Err(error.into()),
        }
    }
}
