//! Mails through a real SMTP connection: sent once, retried, kept over a restart.

use crate::{
    stand::{Stand, settings, until, usual},
    users::School,
};
use app::i18n::Locale;
use contract::{
    Code,
    tokens::{SyncState, Tokens},
    users::{UserStatus, Users},
};
use server::{
    mail::MailSettings,
    start::{Start, start},
};
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// What a mail server got.
#[derive(Clone, Debug)]
struct Received {
    recipient: String,
    /// Headers and text.
    data: String,
}

impl Received {
    fn header(&self, name: &str) -> &str {
        let mut lines = self.data.lines();
        let line = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.unwrap()
    }
}

/// A mail server that keeps what it gets.
#[derive(Clone)]
struct PostOffice {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    /// So many tries are put off.
    busy: Arc<AtomicU32>,
}

impl PostOffice {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let office = Self {
            address: listener.local_addr().unwrap(),
            received: Arc::default(),
            busy: Arc::default(),
        };
        let clerk = office.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let clerk = clerk.clone();
                tokio::spawn(async move { clerk.serve(stream).await });
            }
        });
        office
    }

    async fn serve(&self, stream: TcpStream) {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 office\r\n").await.unwrap();
        let mut recipient = String::new();
        while let Ok(Some(line)) = lines.next_line().await {
            let verb = line.split([' ', ':']).next().unwrap().to_ascii_uppercase();
            let answer = match verb.as_str() {
                "MAIL" if self.is_busy() => "451 come back later",
                "RCPT" => {
                    recipient = line.split(['<', '>']).nth(1).unwrap().to_owned();
                    if recipient.starts_with("nobody@") {
                        "550 no such mailbox"
                    } else {
                        "250 ok"
                    }
                }
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await.unwrap();
                    let mut data = String::new();
                    while let Ok(Some(line)) = lines.next_line().await {
                        if line == "." {
                            break;
                        }
                        data.push_str(&line);
                        data.push('\n');
                    }
                    let recipient = recipient.clone();
                    self.received.lock().unwrap().push(Received { recipient, data });
                    "250 kept"
                }
                "QUIT" => "221 bye",
                _ => "250 ok",
            };
            if write.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
                return;
            }
        }
    }

    fn is_busy(&self) -> bool {
        let taken = self
            .busy
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        taken.is_ok()
    }

    fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    fn settings(&self) -> MailSettings {
        MailSettings {
            url: format!("smtp://{}", self.address).into(),
            from: "Skolan <apps@skola.example>".into(),
            language: Locale::En,
            first_pause: Duration::from_millis(20),
        }
    }

    async fn school(&self) -> School {
        let mail = Some(self.settings());
        let stand = Stand::start_so(School::organisation(5), usual(), |start| Start { mail, ..start });
        School::open_on(stand.await).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m2_an_invitation_is_mailed_once_and_again_when_somebody_asks() {
    let office = PostOffice::open().await;
    office.busy.store(2, Ordering::SeqCst);
    let school = office.school().await;
    let anna = school.person("anna", "").await;
    let bo = school.person("bo", "bo@managed.example").await;
    school.assign(school.app.id).await;
    until("the invitation arrives, though the office was busy", async || {
        !office.received().is_empty()
    })
    .await;
    let user = school.becomes(&anna, UserStatus::Registered).await;
    school.becomes(&bo, UserStatus::Associated).await;
    let first = office.received().remove(0);
    assert_eq!(first.recipient, "anna@skola.example");
    assert!(first.data.contains(&user.invite_code.clone().unwrap()));
    assert!(first.header("Message-ID").ends_with("@skola.example>"));
    assert!(first.header("From").contains("apps@skola.example"));
    assert!(user.mailed_at.is_some());

    let (portal, owner) = (&school.stand.portal, &school.stand.owner);
    Users::mail_invitation(portal, owner, user.number).await.unwrap();
    until("it arrives again", async || office.received().len() == 2).await;
    let managed = school.user(&bo).await.number;
    let refused = Users::mail_invitation(portal, owner, managed).await.unwrap_err();
    assert_eq!(
        refused.code,
        Code::NotInvited,
        "nobody invites whoever has joined"
    );
    let again = office.received().remove(1);
    assert_ne!(again.header("Message-ID"), first.header("Message-ID"));
    until("nothing is left", async || {
        portal.db.next_mail().await.unwrap().is_none()
    })
    .await;
    assert_eq!(office.received().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_the_server_never_takes_is_given_up_and_others_go_on() {
    let office = PostOffice::open().await;
    let school = office.school().await;
    school.person("nobody", "").await;
    school.person("anna", "").await;
    school.assign(school.app.id).await;
    until("one arrives, the other is given up", async || {
        office.received().len() == 1 && school.stand.portal.db.next_mail().await.unwrap().is_none()
    })
    .await;
    assert_eq!(office.received()[0].recipient, "anna@skola.example");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_queued_outlives_a_restart_and_is_sent_once() {
    let office = PostOffice::open().await;
    office.busy.store(u32::MAX, Ordering::SeqCst);
    let school = office.school().await;
    let anna = school.person("anna", "").await;
    school.assign(school.app.id).await;
    until("the mail is queued", async || {
        school.stand.portal.db.next_mail().await.unwrap().is_some()
    })
    .await;
    school.becomes(&anna, UserStatus::Registered).await;
    let Stand {
        sandbox,
        folder,
        running,
        ..
    } = school.stand;
    running.stop().await;
    office.busy.store(0, Ordering::SeqCst);
    let again = start(Start {
        mail: Some(office.settings()),
        ..settings(&sandbox, &folder)
    })
    .await
    .unwrap();
    until("it is sent after the restart", async || {
        !office.received().is_empty() && again.portal.db.next_mail().await.unwrap().is_none()
    })
    .await;
    again.stop().await;
    let third = start(Start {
        mail: Some(office.settings()),
        ..settings(&sandbox, &folder)
    })
    .await
    .unwrap();
    until("nothing is left", async || {
        third.portal.db.next_mail().await.unwrap().is_none()
    })
    .await;
    third.stop().await;
    assert_eq!(office.received().len(), 1, "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_waits_for_apple_does_not_keep_a_sync_from_failing_visibly() {
    let school = School::open(5).await;
    let anna = school.person("anna", "").await;
    school.assign(school.app.id).await;
    school.held("anna has a licence", school.app.id, 1).await;
    school.becomes(&anna, UserStatus::Registered).await;
    let office = PostOffice::open().await;
    let mail = Some(office.settings());
    let stand = school
        .stand
        .restart_so(|start| Start {
            apple: apple::AppleSettings {
                base_url: "http://127.0.0.1:1".to_owned(),
                ..start.apple
            },
            mail,
            ..start
        })
        .await;
    let id = stand.token().await.id;
    Tokens::sync(&stand.portal, &stand.owner, &id).await.unwrap();
    until("the sync has failed", async || {
        matches!(
            stand.token().await.sync,
            SyncState::Failed { fault, .. } if fault.code == Code::AppleUnreachable
        )
    })
    .await;
}
