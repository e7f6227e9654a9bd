//! What replicas on one database (O1) tell one another: changes, so that a page that is open at one of them follows what
//! another does. Work needs no word: whoever holds a location's lease looks for more before it lets go.

use super::{Engine, live::Live};
use contract::live::LiveEvent;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use store::{
    Db,
    replicas::{Ear, Heard, LONGEST_MESSAGE},
};
use tokio::sync::broadcast::{
    Receiver,
    error::{RecvError, TryRecvError},
};

/// Between two tries where the database does not answer.
const PAUSE: Duration = Duration::from_secs(2);
/// Changes that are told at once.
const AT_ONCE: usize = 256;

#[derive(Serialize, Deserialize)]
struct Message<T> {
    /// The replica's, so that it does not listen to itself.
    from: String,
    change: T,
}

impl Engine {
    /// Until the server stops; at once where a database has no other replicas.
    pub(super) async fn neighbours(&self) {
        let name = crate::clock::new_id(self.clock.now());
        let talk = async {
            let mut ear = loop {
                match self.db.listen().await {
                    Ok(Some(ear)) => break ear,
                    Ok(None) => return,
                    Err(error) => {
                        tracing::warn!(%error, "other replicas are not heard");
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            };
            tokio::join!(
                tell(&self.db, self.live.ours(), &name),
                hear(ear.as_mut(), &self.live, &name)
            );
        };
        tokio::select! {
            () = talk => {}
            () = self.stop.cancelled() => {}
        }
    }
}

/// Ends only with what it listens to.
async fn tell(db: &Db, mut ours: Receiver<LiveEvent>, name: &str) {
    loop {
        let mut changes = vec![match ours.recv().await {
            Ok(change) => change,
            Err(RecvError::Lagged(_)) => LiveEvent::Missed,
            Err(RecvError::Closed) => return,
        }];
        while changes.len() < AT_ONCE {
            changes.push(match ours.try_recv() {
                Ok(change) => change,
                Err(TryRecvError::Lagged(_)) => LiveEvent::Missed,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            });
        }
        let messages: Vec<_> = changes.iter().map(|change| message(name, change)).collect();
        while let Err(error) = db.tell(&messages).await {
            tracing::warn!(%error, "other replicas are not told what changed");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// What is too long to be told is to be read.
fn message(from: &str, change: &LiveEvent) -> String {
    let written = |change: &LiveEvent| {
        let from = from.to_owned();
        serde_json::to_string(&Message { from, change }).unwrap_or_default()
    };
    Some(written(change))
        .filter(|text| text.len() <= LONGEST_MESSAGE)
        .unwrap_or_else(|| written(&LiveEvent::Missed))
}

async fn hear(ear: &mut dyn Ear, live: &Live, name: &str) {
    loop {
        match ear.heard().await {
            Ok(Heard::Message(text)) => match serde_json::from_str::<Message<LiveEvent>>(&text) {
                Ok(message) if message.from == name => {}
                Ok(message) => live.relay(message.change),
                // A replica of another version says what is unknown here.
                Err(_) => live.relay(LiveEvent::Missed),
            },
            Ok(Heard::Gap) => live.relay(LiveEvent::Missed),
            Err(error) => {
                tracing::warn!(%error, "other replicas are not heard");
                tokio::time::sleep(PAUSE).await;
                live.relay(LiveEvent::Missed);
            }
        }
    }
}
