//! `pomona demo` (O3): the portal with a stand-in Apple inside, sample token files, devices, people, groups, and an account
//! to sign in with. Everything is kept in one folder; the stand-in's own state too, so that both sides still agree after a restart.

mod folder;
mod keeper;
mod school;

use crate::{
    engine::EngineSettings,
    portal::Portal,
    secrets,
    settings::{DEFAULT_SEED, Demo, Preset, SandboxArgs, Storage},
    start::{Running, Start, StartError, apple_settings, start},
};
use apple::{Pace, RetryBounds};
use contract::{
    AccountId, Caller, DeviceId, Role,
    devices::{DeviceForm, DeviceOwnership, Platform},
    tokens::{AccountType, CreateToken, Tokens},
};
use folder::{Begin, Folder};
use keeper::{Keeper, Keeping};
use sandbox::{Organisation, Sandbox, SandboxSettings};
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, time::Duration};
use store::{StoreError, accounts::Account, devices::Import};

/// What a visitor needs to know; printed, and kept for the next start.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tour {
    /// The portal.
    pub address: String,
    /// The stand-in Apple, with its control API under `/control/`.
    pub sandbox: String,
    pub sign_in: SignIn,
    /// Sample files to upload.
    pub token_files: Vec<PathBuf>,
    /// Where everything is kept.
    pub data: PathBuf,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignIn {
    pub email: String,
    pub password: String,
}

/// A demo that answers.
pub struct RunningDemo {
    pub tour: Tour,
    pub running: Running,
    pub sandbox: Sandbox,
    keeping: Keeping,
}

impl RunningDemo {
    /// Stops both sides and keeps the stand-in's state.
    pub async fn stop(self) {
        self.running.stop().await;
        let keeper = self.keeping.end().await;
        self.sandbox.shutdown().await;
        if let Err(error) = keeper.save().await {
            tracing::error!(%error, "the stand-in's state could not be kept; start with --fresh");
        }
    }
}

/// The organisations of a preset.
pub fn organisations(preset: Preset) -> Vec<Organisation> {
    match preset {
        Preset::Demo => vec![Organisation::demo()],
        Preset::Million => vec![Organisation::million()],
        Preset::Many => vec![Organisation::many_locations(3000)],
    }
}

/// What the stand-in alone is started with.
pub fn stand_in(args: &SandboxArgs) -> SandboxSettings {
    let organisations = organisations(args.preset).into_iter();
    let organisations = organisations.map(|organisation| match args.seed {
        DEFAULT_SEED => organisation,
        seed => organisation.reseeded(seed),
    });
    SandboxSettings {
        address: args.listen,
        seed: args.seed,
        ..SandboxSettings::with(organisations)
    }
}

/// Starts the stand-in, then the portal against it.
pub async fn start_demo(demo: &Demo) -> Result<RunningDemo, StartError> {
    let begin = if demo.fresh { Begin::Fresh } else { Begin::Again };
    let (folder, kept) = Folder::open(&demo.data, begin)?;
    let first = kept.is_none();
    let started = start_in(&folder, demo, kept).await;
    // Nobody could have signed in: the next start is a first one again.
    if started.is_err()
        && first
        && let Err(error) = folder.empty()
    {
        tracing::warn!(%error, "what was begun could not be deleted; start with --fresh");
    }
    started
}

async fn start_in(folder: &Folder, demo: &Demo, kept: Option<Tour>) -> Result<RunningDemo, StartError> {
    let organisations = organisations(demo.preset);
    let sandbox = Sandbox::start(SandboxSettings {
        address: demo.sandbox_listen,
        saved: Some(folder.state()),
        faults: sandbox::Faults {
            event_latency_ms: 400,
            latency_ms: 2,
            ..sandbox::Faults::default()
        },
        ..SandboxSettings::with(organisations.iter().cloned())
    })
    .await
    .map_err(|error| StartError::Sandbox(error.to_string()))?;
    let keeper = Keeper {
        control: sandbox.control(),
        file: folder.state(),
    };
    keeper.save().await?;
    let running = start(settings(demo, &sandbox)).await?;
    let tour = match kept {
        Some(kept) => Tour {
            address: running.origin.clone(),
            sandbox: sandbox_url(&sandbox),
            ..kept
        },
        None => set_up(demo, folder, &running, &sandbox, &organisations).await?,
    };
    let keeping = keeper.keep().await?;
    folder.keep_tour(&tour)?;
    Ok(RunningDemo {
        tour,
        running,
        sandbox,
        keeping,
    })
}

/// Against a stand-in on the same machine nothing needs to wait long.
fn settings(demo: &Demo, sandbox: &Sandbox) -> Start {
    let mut apple = apple_settings(&sandbox.base_url());
    apple.pace = Pace::Off;
    apple.retry = RetryBounds {
        first_delay: Duration::from_millis(50),
        ..RetryBounds::default()
    };
    Start {
        storage: Storage {
            data: demo.data.clone(),
            database: demo.database.clone(),
            key_file: None,
            key: None,
        },
        listen: demo.listen,
        base_url: None,
        behind_proxy: false,
        apple,
        engine: EngineSettings {
            first_poll: Duration::from_millis(300),
            next_poll: Duration::from_millis(500),
            outcome_wait: Duration::from_secs(5),
            first_pause: Duration::from_millis(200),
            ..EngineSettings::default()
        },
        clock: std::sync::Arc::new(crate::clock::SystemClock),
        mail: None,
        demo: true,
    }
}

fn sandbox_url(sandbox: &Sandbox) -> String {
    format!("http://{}", sandbox.address())
}

/// The first time: an account, devices, and a token file for each of the first locations.
async fn set_up(
    demo: &Demo,
    folder: &Folder,
    running: &Running,
    sandbox: &Sandbox,
    organisations: &[Organisation],
) -> Result<Tour, StartError> {
    let sign_in = SignIn {
        email: "demo@pomona.example".into(),
        password: secrets::random_secret(),
    };
    let owner = add_owner(&running.portal, &sign_in).await?;
    add_devices(&running.portal, organisations).await?;
    school::add_school(&running.portal, &owner).await?;
    let control = sandbox.control();
    let mut token_files = Vec::new();
    for location in control.locations().into_iter().take(SAMPLE_FILES) {
        let text = control
            .issue_token(&location.uid)
            .map_err(|error| StartError::Sandbox(error.to_string()))?;
        let file = folder.keep_token(&location.name, &text)?;
        if demo.filled {
            create_token(&running.portal, &owner, text, location.name).await?;
        }
        token_files.push(std::path::absolute(&file).unwrap_or(file));
    }
    let data = std::path::absolute(&demo.data).unwrap_or_else(|_| demo.data.clone());
    Ok(Tour {
        address: running.origin.clone(),
        sandbox: sandbox_url(sandbox),
        sign_in,
        token_files,
        data,
    })
}

/// Token files are written for so many locations.
const SAMPLE_FILES: usize = 10;

/// As an administrator would: the first sync begins at once.
async fn create_token(portal: &Portal, owner: &Caller, file: String, name: String) -> Result<(), StartError> {
    let form = CreateToken {
        file,
        name,
        apple_account: "it@nordhamn.example".into(),
        take_control: false,
        take_control_from: String::new(),
        keep_duplicate: false,
        country: String::new(),
        account_type: AccountType::Education,
        automatic_updates: true,
        consent: true,
    };
    Tokens::create(portal, owner, form)
        .await
        .map_err(StartError::First)?;
    Ok(())
}

async fn add_owner(portal: &Portal, sign_in: &SignIn) -> Result<Caller, StartError> {
    let now = portal.clock.now();
    let account = Account {
        id: AccountId(crate::clock::new_id(now)),
        name: "Ada Lindqvist".into(),
        email: sign_in.email.clone(),
        role: Role::Owner,
        password: Some(
            portal
                .passwords
                .hash(&sign_in.password)
                .await
                .map_err(StartError::First)?,
        ),
        disabled: false,
    };
    portal
        .db
        .insert_account(&account, now)
        .await
        .map_err(|error| match error {
            StoreError::Taken(_) => StartError::Other(
                "the database has a demo's account already, but not this demo's: give an empty database"
                    .to_owned(),
            ),
            error => StartError::Database(error),
        })?;
    Ok(Caller {
        id: account.id,
        name: account.name,
        email: account.email,
        role: account.role,
    })
}

async fn add_devices(portal: &Portal, organisations: &[Organisation]) -> Result<(), StartError> {
    let now = portal.clock.now();
    let mut forms: Vec<_> = organisations
        .iter()
        .flat_map(Organisation::devices)
        .map(|device| DeviceForm {
            name: device.name,
            serial: device.serial_number,
            platform: platform(device.platform),
            model: device.model.to_owned(),
            os_version: device.os_version,
            ownership: DeviceOwnership::Corporate,
            supervised: true,
            ..DeviceForm::default()
        })
        .collect();
    school::hand_out(&mut forms);
    let devices: Vec<_> = forms
        .into_iter()
        .map(|form| (DeviceId(crate::clock::new_id(now)), form))
        .collect();
    portal
        .db
        .import_devices(&devices, now, Import::Write)
        .await
        .map_err(StartError::Database)?;
    Ok(())
}

fn platform(platform: sandbox::Platform) -> Platform {
    Platform::parse(&format!("{platform:?}")).unwrap_or_default()
}
