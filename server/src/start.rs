//! From settings to a running portal: the same steps for `serve`, `demo` and tests.

mod address;
mod storage;
mod tidy;

pub use storage::{fresh_link, open_storage};

use crate::{
    clock::{SharedClock, SystemClock, new_id},
    engine::{Engine, EngineSettings, Shortages, Wake, live::Live},
    http::{self, PublicAddress, Web, WebParts},
    mail::{MailFault, MailSettings, Mailer},
    portal::{Portal, passwords::Passwords},
    secrets::{VaultError, random_fraction},
    settings::{EngineArgs, MailArgs, MailLanguage, Storage},
    storage_watch::StorageWatch,
};
use address::{icon_hosts, public_address, receiver, tells_password};
use app::i18n::Locale;
use apple::{Apple, AppleSettings, MdmInfo, RetryBounds};
use contract::{AccountId, Fault, Role};
use leptos::prelude::get_configuration;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use store::{Db, StoreError, accounts::Account};
use tidy::tidy;
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::sync::CancellationToken;

/// Why the portal cannot start, in words for whoever starts it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the folder {0} cannot be made: {1}")]
    Folder(PathBuf, std::io::Error),
    #[error("the file {0} cannot be read or written: {1}")]
    File(PathBuf, std::io::Error),
    #[error("there is no database {0}: say with --data or --database where Pomona keeps it")]
    NoDatabase(PathBuf),
    #[error(
        "the key file {0} is missing, and the database has tokens that were sealed with its key: put the file back, or \
         say with --key-file or --key where the key is. If it is lost for good, write 64 other hexadecimal digits to the file \
         and upload each token again"
    )]
    NoKey(PathBuf),
    #[error("nobody has an account with the e-mail address {0}")]
    NoAccount(String),
    #[error("the link cannot be made: {0}")]
    Link(Fault),
    #[error(transparent)]
    Key(#[from] VaultError),
    #[error("the database cannot be opened: {0}")]
    Database(#[source] StoreError),
    #[error(transparent)]
    Apple(#[from] apple::SettingsFault),
    #[error("{0} cannot be listened on: {1}")]
    Listen(SocketAddr, std::io::Error),
    #[error(
        "--base-url is where people reach Pomona, such as https://apps.example.org; {0:?} is not such an address"
    )]
    BaseUrl(String),
    #[error(transparent)]
    Mail(#[from] MailFault),
    #[error("the front end's configuration is wrong: {0}")]
    Leptos(String),
    #[error("the first account cannot be made: {0}")]
    First(Fault),
    #[error("the stand-in Apple cannot start: {0}")]
    Sandbox(String),
    #[error("{0}")]
    Other(String),
}

/// What a start needs to know.
#[derive(Clone, Debug)]
pub struct Start {
    pub storage: Storage,
    pub listen: SocketAddr,
    pub base_url: Option<String>,
    pub behind_proxy: bool,
    pub apple: AppleSettings,
    pub engine: EngineSettings,
    pub clock: SharedClock,
    /// None: no mail is sent.
    pub mail: Option<MailSettings>,
    pub demo: bool,
}

/// A portal that answers.
pub struct Running {
    pub address: SocketAddr,
    pub origin: String,
    pub portal: Portal,
    stop: CancellationToken,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
    engine: tokio::task::JoinHandle<()>,
    mailer: Option<tokio::task::JoinHandle<()>>,
}

impl Running {
    /// Lets requests and calls to Apple under way end, then stops.
    pub async fn stop(self) {
        self.stop.cancel();
        let mailer = async {
            if let Some(mailer) = self.mailer {
                drop(mailer.await);
            }
        };
        let ends = async { tokio::join!(self.server, self.engine, mailer) };
        if tokio::time::timeout(GRACE, ends).await.is_err() {
            tracing::warn!("not everything ended in time; what was under way is taken up at the next start");
        }
    }
}

/// How long a stop may take.
const GRACE: Duration = Duration::from_secs(20);

impl From<&EngineArgs> for EngineSettings {
    fn from(args: &EngineArgs) -> Self {
        Self {
            workers: args.workers.max(1),
            lease: Duration::from_millis(args.lease.max(1_000)),
            outcome_wait: Duration::from_millis(args.outcome_wait),
            first_poll: Duration::from_millis(args.first_poll),
            next_poll: Duration::from_millis(args.next_poll),
            first_pause: Duration::from_millis(args.first_pause.max(1)),
            check: Duration::from_millis(args.check.max(100)),
            settle: Duration::from_millis(args.settle),
            ..Self::default()
        }
    }
}

/// How mail is sent, if it is.
pub fn mail_settings(args: &MailArgs) -> Result<Option<MailSettings>, StartError> {
    let Some(url) = &args.smtp_url else {
        return Ok(None);
    };
    if tells_password(url) {
        return Err(MailFault::Password.into());
    }
    Ok(Some(MailSettings {
        url: url.clone().into(),
        from: args.mail_from.clone().ok_or(MailFault::From)?,
        language: match args.mail_language {
            MailLanguage::En => Locale::En,
            MailLanguage::Sv => Locale::Sv,
            MailLanguage::Nl => Locale::Nl,
        },
        first_pause: MailSettings::FIRST_PAUSE,
    }))
}

/// How calls are tried again whose answer somebody waits for; those of the engine may take their time.
const WHILE_SOMEBODY_WAITS: RetryBounds = RetryBounds {
    attempts: 3,
    first_delay: Duration::from_millis(300),
    max_delay: Duration::from_secs(2),
    longest_wait: Duration::from_secs(3),
    // Checking a token file (T2) can take two calls, the first for Apple's service config.
    in_all: Duration::from_secs(14),
};

/// Nobody waits longer than half a minute for the check of a token file.
const _: () = assert!(2 * WHILE_SOMEBODY_WAITS.in_all.as_secs() < 30);

/// How calls to Apple are made.
pub fn apple_settings(base_url: &str) -> AppleSettings {
    let mut settings = AppleSettings::new(Arc::new(random_fraction));
    settings.base_url = base_url.to_owned();
    settings.user_agent = concat!("Pomona/", env!("CARGO_PKG_VERSION")).to_owned();
    settings
}

/// The portal behind the pages, without the web layer and without the engine.
pub async fn open_portal(
    storage: &Storage,
    apple: AppleSettings,
    origin: &str,
    demo: bool,
) -> Result<Portal, StartError> {
    portal_at(storage, apple, origin, Arc::new(SystemClock), demo).await
}

async fn portal_at(
    storage: &Storage,
    apple: AppleSettings,
    origin: &str,
    clock: SharedClock,
    demo: bool,
) -> Result<Portal, StartError> {
    let (db, vault) = open_storage(storage).await?;
    Ok(Portal {
        receiver: receiver(origin, &apple.base_url),
        apple: Apple::new(apple)?.within(WHILE_SOMEBODY_WAITS),
        vault: Arc::new(vault),
        live: Live::new(new_id(clock.now())),
        wake: Wake::default(),
        passwords: Passwords::new().map_err(StartError::First)?,
        identity: identity(&db, &clock, origin).await?,
        origin: origin.to_owned(),
        outbox: None,
        moment: None,
        demo,
        storage: StorageWatch::new(clock.clone()),
        clock,
        db,
    })
}

/// Starts everything; the portal answers when this returns.
pub async fn start(start: Start) -> Result<Running, StartError> {
    let listener = TcpListener::bind(start.listen)
        .await
        .map_err(|error| StartError::Listen(start.listen, error))?;
    let address = listener
        .local_addr()
        .map_err(|error| StartError::Listen(start.listen, error))?;
    let public = public_address(start.base_url.as_deref(), address, start.behind_proxy)?;
    let stop = CancellationToken::new();
    let icon_hosts = icon_hosts(&start.apple.base_url);
    let retry = start.apple.retry;
    let mut portal = portal_at(
        &start.storage,
        start.apple,
        &public.origin,
        start.clock,
        start.demo,
    )
    .await?;
    let mailer = match &start.mail {
        Some(settings) => {
            let (db, clock) = (portal.db.clone(), portal.clock.clone());
            Some(Mailer::new(db, clock, portal.storage.clone(), settings)?)
        }
        None => None,
    };
    portal.outbox = mailer.as_ref().map(Mailer::outbox);
    let engine = Arc::new(Engine {
        db: portal.db.clone(),
        apple: portal.apple.within(retry),
        vault: portal.vault.clone(),
        clock: portal.clock.clone(),
        live: portal.live.clone(),
        wake: portal.wake.clone(),
        shortages: Shortages::default(),
        storage: portal.storage.clone(),
        identity: portal.identity.clone(),
        receiver: portal.receiver.clone(),
        outbox: portal.outbox.clone(),
        settings: start.engine,
        stop: stop.clone(),
    });
    let web = web(&portal, &public, icon_hosts, &stop)?;
    let server = tokio::spawn(http::serve(listener, http::router(web), stop.clone()));
    let engine = tokio::spawn(engine.run());
    let mailer = mailer.map(|mailer| tokio::spawn(mailer.run(stop.clone())));
    tokio::spawn(tidy(portal.clone(), stop.clone()));
    Ok(Running {
        address,
        origin: public.origin,
        portal,
        stop,
        server,
        engine,
        mailer,
    })
}

/// The very first owner's one-time path, if nobody has an account with a password yet.
pub async fn first_link(portal: &Portal) -> Result<Option<String>, StartError> {
    let database = StartError::Database;
    let accounts = portal.db.accounts().await.map_err(database)?;
    if accounts
        .iter()
        .any(|account| account.state != contract::accounts::AccountState::Invited)
    {
        return Ok(None);
    }
    let invited = match accounts.first() {
        Some(account) => portal.link_for(&account.id, true).await,
        None => {
            let owner = Account {
                id: AccountId(new_id(portal.clock.now())),
                name: String::new(),
                email: String::new(),
                role: Role::Owner,
                password: None,
                disabled: false,
            };
            portal.invite(&owner, true).await
        }
    };
    Ok(Some(invited.map_err(StartError::First)?.link))
}

fn web(
    portal: &Portal,
    public: &PublicAddress,
    icon_hosts: String,
    stop: &CancellationToken,
) -> Result<Web, StartError> {
    let mut leptos = get_configuration(None)
        .map_err(|error| StartError::Leptos(error.to_string()))?
        .leptos_options;
    let beside = std::env::current_exe()
        .ok()
        .and_then(|program| program.parent().map(Path::to_owned));
    // Hashed names are listed in a file that is built beside the program.
    leptos.hash_files |= beside
        .as_ref()
        .is_some_and(|folder| folder.join(&*leptos.hash_file).is_file());
    let site = site_root(&leptos.site_root, beside.as_deref());
    leptos.site_root = site.display().to_string().into();
    Ok(Web::new(WebParts {
        portal: Arc::new(portal.clone()),
        leptos,
        public: public.clone(),
        icon_hosts,
        site,
        looks: Semaphore::new(http::LOOKS),
        stop: stop.clone(),
    }))
}

/// The built front end: where the environment says, or beside the program.
fn site_root(configured: &str, beside: Option<&Path>) -> PathBuf {
    let beside = beside.map(|folder| [folder.join("site"), folder.join("../site")]);
    std::iter::once(PathBuf::from(configured))
        .chain(beside.into_iter().flatten())
        .find(|site| site.join("pkg").is_dir())
        .unwrap_or_else(|| {
            tracing::warn!(
                configured,
                "the built front end is not there: pages come without styles and scripts"
            );
            PathBuf::from(configured)
        })
}

/// How this installation names itself to Apple: an id made once, and its address for people.
async fn identity(db: &Db, clock: &SharedClock, origin: &str) -> Result<MdmInfo, StartError> {
    let id = db
        .init_setting("installation", &new_id(clock.now()))
        .await
        .map_err(StartError::Database)?;
    let metadata = origin.chars().take(255).collect();
    Ok(MdmInfo {
        id,
        name: "Pomona".to_owned(),
        metadata,
    })
}
