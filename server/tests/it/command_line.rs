//! The program itself, as somebody starts it: what it says, what it makes, and how it ends.

use crate::stand::{Folder, PATIENCE, until};
use sandbox::Organisation;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::mpsc,
};

const POMONA: &str = env!("CARGO_BIN_EXE_pomona");

/// A program that runs on; killed with SIGKILL when dropped.
struct Program {
    child: Child,
    /// What it first said.
    line: String,
    /// Hears when it says nothing any more.
    ended: mpsc::Receiver<()>,
}

impl Program {
    fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        // What it says later goes nowhere.
        let (end, ended) = mpsc::channel();
        std::thread::spawn(move || {
            drop(std::io::copy(&mut out, &mut std::io::sink()));
            // Nobody listens to one that is killed.
            _ = end.send(());
        });
        Self { child, line, ended }
    }

    /// How it ends by itself, which must not take long.
    fn end(mut self) -> ExitStatus {
        self.ended.recv_timeout(PATIENCE).expect("it goes on");
        self.child.wait().unwrap()
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn pomona(arguments: &[&str]) -> Command {
    let mut command = Command::new(POMONA);
    command.args(arguments).args(["--log", "error"]);
    command
}

fn demo(data: &Path, more: &[&str]) -> Command {
    demo_at("127.0.0.1:0", data, more)
}

fn demo_at(address: &str, data: &Path, more: &[&str]) -> Command {
    let mut command = pomona(&["demo", "--listen", address, "--print-json"]);
    command.args(more).arg("--data").arg(data);
    command
}

/// A demo that answers, with what it says of itself.
fn start_demo(data: &Path, more: &[&str]) -> (Program, Value) {
    let program = Program::start(demo(data, more));
    let tour = tour(&program);
    (program, tour)
}

fn tour(program: &Program) -> Value {
    serde_json::from_str(&program.line).expect("a line of JSON")
}

/// What a program says that gives up.
fn refusal(command: &mut Command) -> String {
    let Output { status, stderr, .. } = command.stdin(Stdio::null()).output().unwrap();
    assert!(!status.success());
    String::from_utf8(stderr).unwrap()
}

/// Makes a location at the demo's stand-in.
async fn add_location(tour: &Value, uid: &str) {
    let body = json!({ "uid": uid, "name": "Added", "organisation": "Added", "country": "SE" });
    let url = format!("{}/control/locations", tour["sandbox"].as_str().unwrap());
    let answer = client().post(url).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 201);
}

async fn has_location(tour: &Value, uid: &str) -> bool {
    let url = format!("{}/control/locations/{uid}", tour["sandbox"].as_str().unwrap());
    client().get(url).send().await.unwrap().status() == 200
}

#[expect(clippy::disallowed_methods, reason = "a client of the test's own")]
fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn is_kept(data: &Path, text: &str) -> bool {
    let state = std::fs::read_to_string(data.join("stand-in-apple.json"));
    state.is_ok_and(|state| state.contains(text))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_demo_goes_on_where_it_was() {
    let folder = Folder::new();
    let data = folder.0.join("demo");
    let (program, first) = start_demo(&data, &[]);
    add_location(&first, "4242424242424242").await;
    until("the stand-in's state is kept", async || {
        is_kept(&data, "4242424242424242")
    })
    .await;
    drop(program);

    let (_program, second) = start_demo(&data, &[]);
    assert_eq!(second["signIn"], first["signIn"]);
    assert_eq!(second["tokenFiles"], first["tokenFiles"]);
    assert!(has_location(&second, "4242424242424242").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_closes_ends_it_in_order() {
    let folder = Folder::new();
    // These tests may run under nohup themselves.
    let mut command = Command::new("env");
    let demo = demo(&folder.0, &[]);
    command
        .arg("--default-signal=HUP")
        .arg(demo.get_program())
        .args(demo.get_args());
    let program = Program::start(command);
    add_location(&tour(&program), "77").await;
    program.signal("HUP");
    assert!(program.end().success());
    assert!(is_kept(&folder.0, "\"uid\":\"77\""));
}

#[test]
fn under_nohup_a_terminal_may_close() {
    let mut command = Command::new("nohup");
    command.args([POMONA, "sandbox", "--listen", "127.0.0.1:0"]);
    let program = Program::start(command);
    assert!(program.line.contains("answers at"), "{}", program.line);
    let status = std::fs::read_to_string(format!("/proc/{}/status", program.child.id())).unwrap();
    let ignored = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .unwrap();
    assert_eq!(u64::from_str_radix(ignored.trim(), 16).unwrap() & 1, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_demo_keeps_is_its_owners_alone() {
    let folder = Folder::new();
    let data = folder.0.join("new");
    let (program, tour) = start_demo(&data, &[]);
    assert_eq!(mode(&data), 0o700);
    for entry in std::fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    assert!(data.join("demo.json").is_file() && data.join("pomona.sqlite-wal").is_file());
    assert!(!tour["tokenFiles"].as_array().unwrap().is_empty());
    drop(program);

    let theirs = folder.0.join("theirs");
    std::fs::create_dir(&theirs).unwrap();
    std::fs::set_permissions(&theirs, std::fs::Permissions::from_mode(0o755)).unwrap();
    let (_program, _) = start_demo(&theirs, &[]);
    assert_eq!(mode(&theirs), 0o755, "the administrator's choice was not kept");
    assert_eq!(mode(&theirs.join("pomona.sqlite")), 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_that_is_not_whole_says_so_and_starts_over_when_asked() {
    let folder = Folder::new();
    let data = folder.0.join("demo");
    let (program, first) = start_demo(&data, &[]);
    drop(program);
    let keep = std::fs::read(data.join("stand-in-apple.json")).unwrap();

    std::fs::remove_file(data.join("stand-in-apple.json")).unwrap();
    let said = refusal(&mut demo(&data, &[]));
    assert!(
        said.contains("stand-in-apple.json is missing") && said.contains("--fresh"),
        "{said}"
    );

    std::fs::write(data.join("stand-in-apple.json"), keep).unwrap();
    std::fs::remove_file(data.join("demo.json")).unwrap();
    let said = refusal(&mut demo(&data, &[]));
    assert!(said.contains("interrupted") && said.contains("--fresh"), "{said}");

    std::fs::write(data.join("notes.txt"), "mine").unwrap();
    let (_program, second) = start_demo(&data, &["--fresh"]);
    assert_ne!(second["signIn"], first["signIn"]);
    assert_eq!(std::fs::read(data.join("notes.txt")).unwrap(), b"mine");
}

#[test]
fn a_first_start_that_fails_leaves_nothing_behind() {
    let folder = Folder::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = refusal(&mut demo_at(&address, &folder.0, &[]));
    assert!(said.contains("cannot be listened on"), "{said}");
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 0);
}

#[test]
fn the_demo_leaves_a_real_pomonas_folder_alone() {
    let folder = Folder::new();
    std::fs::write(folder.0.join("pomona.sqlite"), "theirs").unwrap();
    std::fs::write(folder.0.join("pomona.key"), "theirs").unwrap();
    for more in [&[][..], &["--fresh"]] {
        let said = refusal(&mut demo(&folder.0, more));
        assert!(
            said.contains("another Pomona keeps its data") && said.contains("--data"),
            "{said}"
        );
    }
    let names = std::fs::read_dir(&folder.0).unwrap().count();
    assert_eq!(names, 2);
    assert_eq!(std::fs::read(folder.0.join("pomona.key")).unwrap(), b"theirs");
}

#[test]
fn a_link_is_made_for_an_account_that_is_there_and_makes_nothing_else() {
    let folder = Folder::new();
    let typo = folder.0.join("typo");
    let link = |data: &Path, more: &[&str]| {
        let mut command = pomona(&["link", "nobody@example.org"]);
        command.args(more).arg("--data").arg(data);
        refusal(&mut command)
    };
    let said = link(&typo, &[]);
    assert!(
        said.contains("there is no database") && said.contains("typo"),
        "{said}"
    );
    let elsewhere = folder.0.join("elsewhere.sqlite");
    let said = link(&typo, &["--database", elsewhere.to_str().unwrap()]);
    assert!(said.contains("there is no database"), "{said}");
    assert!(!typo.exists() && !elsewhere.exists());

    let data = folder.0.join("demo");
    drop(start_demo(&data, &[]));
    let said = link(&data, &[]);
    assert_eq!(
        said,
        "pomona: nobody has an account with the e-mail address nobody@example.org\n"
    );
    let mut known = pomona(&["link", "demo@pomona.example"]);
    let Output { status, stdout, .. } = known.arg("--data").arg(&data).output().unwrap();
    assert!(status.success());
    assert!(String::from_utf8(stdout).unwrap().starts_with("/welcome/"));
    let mut whole = pomona(&[
        "link",
        "demo@pomona.example",
        "--base-url",
        "https://apps.example.org/",
    ]);
    let Output { stdout, .. } = whole.arg("--data").arg(&data).output().unwrap();
    let said = String::from_utf8(stdout).unwrap();
    assert!(said.starts_with("https://apps.example.org/welcome/"), "{said}");
    // Z3: whoever may run it leaves a line, too.
    let file = data.join("pomona.sqlite");
    let line = on_runtime(async {
        let db = store::open(file.to_str().unwrap()).await.unwrap();
        db.audit(1).await.unwrap().remove(0)
    });
    assert_eq!(
        (line.actor.as_str(), line.action.as_str()),
        ("command line", "accounts.link")
    );
}

#[test]
fn no_new_key_is_made_for_tokens_that_were_sealed_with_another() {
    let folder = Folder::new();
    let data = folder.0.join("demo");
    drop(start_demo(&data, &["--filled"]));
    let key = data.join("pomona.key");
    let kept = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    let said = refusal(&mut demo(&data, &[]));
    assert!(
        said.contains("pomona.key is missing") && said.contains("--key-file"),
        "{said}"
    );
    assert!(!key.exists());

    std::fs::write(&key, kept).unwrap();
    drop(start_demo(&data, &[]));
}

#[test]
fn a_proxy_in_front_is_told_by_the_environment_as_people_write_it() {
    let folder = Folder::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for value in ["1", "true", "0"] {
        let mut serve = pomona(&["serve", "--listen", &address]);
        serve
            .arg("--data")
            .arg(&folder.0)
            .env("POMONA_BEHIND_PROXY", value);
        let said = refusal(&mut serve);
        assert!(said.contains("cannot be listened on"), "{value}: {said}");
    }
}

fn on_runtime<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(work)
}

#[tokio::test]
async fn another_seed_makes_other_organisations() {
    let uids = async |seed: &[&str]| -> Vec<String> {
        let mut command = pomona(&["sandbox", "--listen", "127.0.0.1:0"]);
        command.args(seed);
        let program = Program::start(command);
        let origin = program.line.trim().rsplit(' ').next().unwrap().to_owned();
        let url = format!("{origin}/control/locations");
        let locations: Vec<Value> = client().get(url).send().await.unwrap().json().await.unwrap();
        let uid = |location: &Value| location["uid"].as_str().unwrap().to_owned();
        locations.iter().map(uid).collect()
    };
    let preset: Vec<String> = (0..3)
        .map(|index| Organisation::demo().location_uid(index))
        .collect();
    assert_eq!(uids(&[]).await, preset);
    let other = uids(&["--seed", "7"]).await;
    assert_eq!(other.len(), 3);
    assert!(other.iter().all(|uid| !preset.contains(uid)), "{other:?}");
}
