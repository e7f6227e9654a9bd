//! From settings to a running portal: the same steps for `serve`, `demo` and tests.

use crate::{
    clock::{SharedClock, SystemClock, new_id},
    engine::{Engine, EngineSettings, Shortages, Wake, live::Live},
    http::{self, PublicAddress, Web, WebParts},
    mail::{MailFault, MailSettings, Mailer},
    portal::{self, Portal, passwords::Passwords},
    private,
    secrets::{Vault, VaultError, random_fraction},
    settings::{EngineArgs, MailArgs, MailLanguage, Storage},
    storage_watch::StorageWatch,
};
use app::i18n::Locale;
use apple::{Apple, AppleSettings, MdmInfo, RetryBounds};
use axum::http::Uri;
use contract::{AccountId, Code, Fault, Role};
use leptos::prelude::get_configuration;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use store::{Db, StoreError, accounts::Account};
use tokio::net::TcpListener;
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

/// Opens the database and the key.
pub async fn open_storage(storage: &Storage) -> Result<(Db, Vault), StartError> {
    private::make_folder(&storage.data).map_err(|error| StartError::Folder(storage.data.clone(), error))?;
    let vault = match &storage.key {
        Some(key) => Vault::from_hex(key)?,
        None => {
            let file = storage
                .key_file
                .clone()
                .unwrap_or_else(|| storage.data.join("pomona.key"));
            Vault::from_file(&file)?
        }
    };
    let url = database_url(storage);
    if let Some(file) = sqlite_file(&url) {
        // SQLite gives the files beside it the same mode.
        private::make_file(&file).map_err(|error| StartError::File(file, error))?;
    }
    let db = store::open(&url).await.map_err(StartError::Database)?;
    Ok((db, vault))
}

/// For the command line: a fresh one-time path for an account. Makes nothing: neither folder nor key nor database.
pub async fn fresh_link(storage: &Storage, email: &str) -> Result<String, StartError> {
    let url = database_url(storage);
    if let Some(file) = sqlite_file(&url).filter(|file| !file.exists()) {
        return Err(StartError::NoDatabase(file));
    }
    let db = store::open(&url).await.map_err(StartError::Database)?;
    portal::fresh_link(&db, &SystemClock, email)
        .await
        .map_err(|fault| match fault.code {
            Code::NotFound => StartError::NoAccount(email.to_owned()),
            _ => StartError::Link(fault),
        })
}

fn database_url(storage: &Storage) -> String {
    match &storage.database {
        Some(url) => url.clone(),
        None => storage.data.join("pomona.sqlite").display().to_string(),
    }
}

/// The file of a database, if it is one in a file.
fn sqlite_file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:").unwrap_or(url);
    let path = path.strip_prefix("//").unwrap_or(path);
    let elsewhere = url.starts_with("postgres:") || url.starts_with("postgresql:") || path == ":memory:";
    (!elsewhere).then(|| path.into())
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

fn public_address(
    base_url: Option<&str>,
    address: SocketAddr,
    proxied: bool,
) -> Result<PublicAddress, StartError> {
    let Some(base_url) = base_url else {
        return Ok(PublicAddress {
            origin: format!("http://{address}"),
            secure: false,
            proxied,
        });
    };
    let wrong = || StartError::BaseUrl(base_url.to_owned());
    let origin = base_url.trim_end_matches('/');
    let (scheme, host) = origin.split_once("://").ok_or_else(wrong)?;
    let fits =
        matches!(scheme, "http" | "https") && !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']);
    if !fits || host.ends_with("itunes.apple.com") {
        return Err(wrong());
    }
    Ok(PublicAddress {
        origin: origin.to_owned(),
        secure: scheme == "https",
        proxied,
    })
}

/// Apple's stores, and the stand-in's host if Apple is one.
fn icon_hosts(apple_url: &str) -> String {
    let host = apple_url.split_once("://").map(|(scheme, rest)| {
        let host = rest.split('/').next().unwrap_or_default();
        format!(" {scheme}://{host}")
    });
    let stand_in = host
        .filter(|_| apple_url != apple::APPLE_BASE_URL)
        .unwrap_or_default();
    format!("https://*.mzstatic.com{stand_in}")
}

/// Where Apple can send notifications (S4): to https alone, or to http on this machine if the stand-in is on it too.
fn receiver(origin: &str, apple_url: &str) -> Option<String> {
    let possible = origin.starts_with("https://") || is_loopback(origin) && is_loopback(apple_url);
    possible.then(|| origin.to_owned())
}

/// Whether the address is of plain http on this machine.
fn is_loopback(url: &str) -> bool {
    url.parse::<Uri>()
        .is_ok_and(|url| url.scheme_str() == Some("http") && url.host().is_some_and(is_this_machine))
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse()
            .is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// Whether a password would go over the network as it is.
fn tells_password(smtp_url: &str) -> bool {
    let Ok(url) = smtp_url.parse::<Uri>() else {
        return false;
    };
    let named = url
        .authority()
        .is_some_and(|authority| authority.as_str().contains('@'));
    let clear =
        url.scheme_str() == Some("smtp") && !url.query().is_some_and(|query| query.contains("tls=required"));
    named && clear && !url.host().is_some_and(is_this_machine)
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

/// Once an hour, what is past is deleted: sessions, plans, notifications, mails, and the memory of tries to sign in.
async fn tidy(portal: Portal, stop: CancellationToken) {
    let mut hourly = tokio::time::interval(Duration::from_secs(60 * 60));
    loop {
        tokio::select! {
            _ = hourly.tick() => {}
            () = stop.cancelled() => return,
        }
        let now = portal.clock.now();
        let sessions = portal.db.delete_expired_sessions(now).await;
        let plans = portal.db.delete_plans_before(now - PLAN_MILLIS).await;
        let notifications = portal
            .db
            .delete_notifications_before(now - NOTIFICATION_MILLIS)
            .await;
        let mails = portal.db.delete_mails_before(now - MAIL_MILLIS).await;
        for error in [sessions.err(), plans.err(), notifications.err(), mails.err()]
            .into_iter()
            .flatten()
        {
            portal.storage.failed("what is past could not be deleted", &error);
        }
        portal.passwords.tidy();
    }
}

/// Plans are kept for 30 days.
const PLAN_MILLIS: i64 = 30 * 24 * 60 * 60 * 1000;
/// Notifications that were taken up are known again for a week.
const NOTIFICATION_MILLIS: i64 = 7 * 24 * 60 * 60 * 1000;

/// Mails that were sent are known for 90 days: nothing is mailed twice.
const MAIL_MILLIS: i64 = 90 * 24 * 60 * 60 * 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_url_is_an_address_of_ours() {
        let address: SocketAddr = "127.0.0.1:3000".parse().unwrap();
        let read = |url| {
            public_address(url, address, false)
                .map(|public| (public.origin, public.secure))
                .ok()
        };
        assert_eq!(read(None), Some(("http://127.0.0.1:3000".into(), false)));
        assert_eq!(
            read(Some("https://apps.example.org/")),
            Some(("https://apps.example.org".into(), true))
        );
        for bad in [
            "apps.example.org",
            "ftp://a",
            "https://",
            "https://a/b",
            "https://vpp.itunes.apple.com",
        ] {
            assert_eq!(read(Some(bad)), None, "{bad}");
        }
    }

    #[test]
    fn apple_can_reach_https_and_the_stand_in_this_machine() {
        let (apple, stand_in) = (apple::APPLE_BASE_URL, "http://127.0.0.1:9/mdm/v2/");
        for (origin, apple_url, possible) in [
            ("https://apps.example.org", apple, true),
            ("http://127.0.0.1:3000", apple, false),
            ("http://127.0.0.1:3000", stand_in, true),
            ("http://[::1]:3000", stand_in, true),
            ("http://localhost", stand_in, true),
            ("http://apps.example.org", stand_in, false),
            ("http://127.0.0.1.example.org", stand_in, false),
            ("http://127.0.0.1:3000", "https://127.0.0.1:9/", false),
        ] {
            assert_eq!(
                receiver(origin, apple_url).is_some(),
                possible,
                "{origin} {apple_url}"
            );
        }
    }

    #[test]
    fn icons_come_from_apple_and_from_the_stand_in_only() {
        assert_eq!(icon_hosts(apple::APPLE_BASE_URL), "https://*.mzstatic.com");
        assert_eq!(
            icon_hosts("http://127.0.0.1:9/mdm/v2/"),
            "https://*.mzstatic.com http://127.0.0.1:9"
        );
    }

    #[test]
    fn only_this_machine_is_reached_in_the_clear() {
        for here in ["http://localhost:3000/", "http://127.0.0.1/a", "http://[::1]:80"] {
            assert!(is_loopback(here), "{here}");
        }
        for there in [
            "http://localhost:80@evil.example/",
            "http://a.example",
            "https://localhost",
            "localhost",
        ] {
            assert!(!is_loopback(there), "{there}");
        }
        for told in [
            "smtp://u:p@mail.example",
            "smtp://u:p@mail.example:587?tls=opportunistic",
        ] {
            assert!(tells_password(told), "{told}");
        }
        for kept in [
            "smtps://u:p@mail.example",
            "smtp://u:p@mail.example?tls=required",
            "smtp://relay.example:25",
            "smtp://u:p@localhost:1025",
        ] {
            assert!(!tells_password(kept), "{kept}");
        }
    }
}
