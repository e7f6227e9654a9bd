//! Storage that cannot be written, as a full disk makes it: nothing is claimed at Apple that is not written down first, the
//! first page tells of it, and what is due goes on by itself. A table or column that is put away stands for the disk.

use crate::stand::{Ahead, Stand, form, until, usual};
use contract::{
    Code, Fault, TokenId,
    devices::{DeviceQuery, Devices},
    drift::{Drift, DriftQuery, DriftScope, Settlement, Settling},
    overview::Overview,
    people::{People, PersonQuery},
    tokens::{CreateToken, Ownership, TokenQuery, Tokens},
};
use sandbox::{Faults, Limits, MdmInfo, Organisation};
use serde_json::json;
use server::start::Start;
use std::sync::Arc;

fn organisation() -> Organisation {
    Organisation {
        apps: 2,
        devices: 4,
        assignments: 2,
        ..Organisation::default()
    }
}

/// What is needed to write, and its table if it is a column of one.
const OF_A_TOKEN: &str = "locations RENAME COLUMN claimed_at";
const OF_THE_AUDIT: &str = "audit RENAME";
const OF_THE_WORKERS: &str = "plan_queue RENAME";

async fn put_away(stand: &Stand, what: &str) {
    stand
        .folder
        .raw()
        .await
        .run(format!("ALTER TABLE {what} TO away"))
        .await;
}

async fn put_back(stand: &Stand, what: &str) {
    let back = match what.split_once(" RENAME COLUMN ") {
        Some((table, column)) => format!("{table} RENAME COLUMN away TO {column}"),
        None => format!("away RENAME TO {}", what.trim_end_matches(" RENAME")),
    };
    stand.folder.raw().await.run(format!("ALTER TABLE {back}")).await;
}

fn owner_at_apple(stand: &Stand) -> Option<MdmInfo> {
    stand.sandbox.control().summary(&stand.uid()).unwrap().mdm_info
}

async fn tokens(stand: &Stand) -> usize {
    let list = Tokens::list(&stand.portal, &stand.owner, TokenQuery::default()).await;
    list.unwrap().rows.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn t1_nothing_is_claimed_at_apple_for_a_token_that_cannot_be_stored() {
    let stand = Stand::start(organisation()).await;
    let other = MdmInfo {
        id: "contoso".into(),
        name: "Contoso MDM".into(),
        metadata: String::new(),
    };
    let control = stand.sandbox.control();
    let create = async |file: String, take_control: bool| {
        let form = CreateToken {
            take_control,
            take_control_from: if take_control { "Contoso MDM" } else { "" }.into(),
            ..form(&file, "Harbour")
        };
        Tokens::create(&stand.portal, &stand.owner, form).await
    };
    // The token itself, and the line of the audit without which nothing may be claimed either.
    for what in [OF_A_TOKEN, OF_THE_AUDIT] {
        for before in [None, Some(other.clone())] {
            control.claim(&stand.uid(), before.clone()).unwrap();
            put_away(&stand, what).await;
            let refused = create(stand.token_file(), before.is_some()).await.unwrap_err();
            put_back(&stand, what).await;
            assert_eq!(refused.code, Code::TokenNotStored, "{what}");
            assert_eq!(owner_at_apple(&stand), before, "{what}");
            assert_eq!(tokens(&stand).await, 0, "{what}");
        }
    }
    let id = create(stand.token_file(), true).await.unwrap();
    assert_eq!(owner_at_apple(&stand).unwrap().name, "Pomona");
    let detail = Tokens::detail(&stand.portal, &stand.owner, &id).await.unwrap();
    assert_eq!(detail.managed_by, Ownership::ThisPomona);
}

#[tokio::test(flavor = "multi_thread")]
async fn t5_t6_control_is_not_taken_and_no_token_renewed_without_a_line_of_the_audit() {
    let stand = Stand::start(organisation()).await;
    let other = MdmInfo {
        id: "contoso".into(),
        name: "Contoso MDM".into(),
        metadata: String::new(),
    };
    let control = stand.sandbox.control();
    control.claim(&stand.uid(), Some(other.clone())).unwrap();
    let (portal, owner) = (&stand.portal, &stand.owner);
    let file = stand.token_file();
    let id = Tokens::create(portal, owner, form(&file, "Harbour"))
        .await
        .unwrap();
    let newer = stand.token_file();
    put_away(&stand, OF_THE_AUDIT).await;
    let taken = Tokens::take_control(portal, owner, &id, "Contoso MDM").await;
    // Of nobody's location a renewal makes ours.
    control.claim(&stand.uid(), None).unwrap();
    let renewed = Tokens::renew(portal, owner, &id, &newer).await;
    put_back(&stand, OF_THE_AUDIT).await;
    assert_eq!(taken.unwrap_err().code, Code::StorageFailed);
    assert_eq!(renewed.unwrap_err().code, Code::TokenNotStored);
    assert_eq!(owner_at_apple(&stand), None);
    Tokens::check(portal, owner, &newer)
        .await
        .expect("it is not here");
    control.claim(&stand.uid(), Some(other)).unwrap();
    Tokens::take_control(portal, owner, &id, "Contoso MDM")
        .await
        .unwrap();
    assert_eq!(owner_at_apple(&stand).unwrap().name, "Pomona");
}

#[tokio::test(flavor = "multi_thread")]
async fn t5_the_audit_says_of_control_that_could_not_be_taken() {
    let stand = Stand::start(organisation()).await;
    let id = stand.create_token().await;
    let control = stand.sandbox.control();
    control.claim(&stand.uid(), None).unwrap();
    control.set_faults(Faults {
        limits: Limits {
            max_mdm_name_length: 3,
            ..Limits::default()
        },
        ..usual()
    });
    let refused = Tokens::take_control(&stand.portal, &stand.owner, &id, "").await;
    assert_eq!(refused.unwrap_err().code, Code::AppleRefused);
    assert_eq!(owner_at_apple(&stand), None);
    let lines = stand.portal.db.audit(2).await.unwrap();
    assert!(lines.iter().all(|line| line.action == "tokens.take_control"));
    assert_eq!(lines[0].details["done"], false, "{}", lines[0].details);
}

#[tokio::test(flavor = "multi_thread")]
async fn t1_a_token_whose_claim_apple_refuses_is_not_kept() {
    let stand = Stand::start(organisation()).await;
    stand.sandbox.control().set_faults(Faults {
        limits: Limits {
            max_mdm_name_length: 3,
            ..Limits::default()
        },
        ..usual()
    });
    let file = stand.token_file();
    let refused = Tokens::create(&stand.portal, &stand.owner, form(&file, "Harbour"))
        .await
        .unwrap_err();
    assert_eq!(refused.code, Code::AppleRefused);
    assert_eq!((tokens(&stand).await, owner_at_apple(&stand)), (0, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_waits_for_storage_visibly_and_goes_on_by_itself() {
    let ahead = Arc::new(Ahead::default());
    let clock = ahead.clone();
    let stand = Stand::start_so(organisation(), usual(), |start| Start { clock, ..start }).await;
    let id = stand.create_token().await;
    let trouble = async || {
        let summary = Overview::summary(&stand.portal, &stand.owner).await.unwrap();
        summary.storage.map(|trouble| trouble.fault.code)
    };
    assert_eq!(trouble().await, None);
    put_away(&stand, OF_THE_WORKERS).await;
    Tokens::sync(&stand.portal, &stand.owner, &id).await.unwrap();
    until("the first page tells", async || {
        trouble().await == Some(Code::StorageFailed)
    })
    .await;
    put_back(&stand, OF_THE_WORKERS).await;
    stand.synced(&id).await;
    ahead.by(61_000);
    until("it is over", async || trouble().await.is_none()).await;
}

/// Acts of several slices, each with what became of it: the action, as the audit calls it, and whether it was refused.
async fn acts(stand: &Stand, id: &TokenId) -> Vec<(&'static str, Option<Fault>)> {
    let (portal, owner) = (&stand.portal, &stand.owner);
    let found = Drift::list(portal, owner, DriftQuery::default()).await.unwrap();
    let adopt = Settlement {
        how: Settling::Adopt,
        scope: DriftScope::Asset {
            asset: found.rows[0].asset,
        },
    };
    vec![
        ("tokens.sync_all", Tokens::sync_all(portal, owner).await.err()),
        (
            "devices.import",
            Devices::import_csv(portal, owner, "serial,name\nC02AAAAAAAA1,Lectern\n")
                .await
                .err(),
        ),
        (
            "people.import",
            People::import_csv(portal, owner, "user name,name\nmara,Mara\n")
                .await
                .err(),
        ),
        (
            "drift.settle",
            Drift::settle(portal, owner, adopt, "", false).await.err(),
        ),
        (
            "tokens.delete",
            Tokens::delete(portal, owner, id, "Harbour").await.err(),
        ),
    ]
}

/// Devices, people, apps with licences of unknown origin, tokens.
async fn counts(stand: &Stand) -> [usize; 4] {
    let (portal, owner) = (&stand.portal, &stand.owner);
    let devices = Devices::list(portal, owner, DeviceQuery::default())
        .await
        .unwrap();
    let people = People::list(portal, owner, PersonQuery::default()).await.unwrap();
    let found = Drift::list(portal, owner, DriftQuery::default()).await.unwrap();
    [
        devices.rows.len(),
        people.rows.len(),
        found.rows.len(),
        tokens(stand).await,
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn z3_nothing_is_done_that_cannot_be_written_down() {
    let stand = Stand::start(organisation()).await;
    let id = Tokens::create(&stand.portal, &stand.owner, form(&stand.token_file(), "Harbour"))
        .await
        .unwrap();
    stand.synced(&id).await;
    let before = counts(&stand).await;
    put_away(&stand, OF_THE_AUDIT).await;
    let refused = acts(&stand, &id).await;
    let after = counts(&stand).await;
    put_back(&stand, OF_THE_AUDIT).await;
    for (action, fault) in refused {
        assert_eq!(
            fault.map(|fault| fault.code),
            Some(Code::StorageFailed),
            "{action}"
        );
    }
    assert_eq!(after, before);
    let done = acts(&stand, &id).await;
    let lines = stand.portal.db.audit(5).await.unwrap();
    let written: Vec<_> = lines.iter().rev().map(|line| line.action.as_str()).collect();
    assert_eq!(
        done.iter().map(|(action, _)| *action).collect::<Vec<_>>(),
        written
    );
    assert!(done.iter().all(|(_, fault)| fault.is_none()), "{done:?}");
    // With what was known only while it was done.
    let told = |action: &str| &lines.iter().find(|line| line.action == action).unwrap().details;
    assert_eq!(told("tokens.sync_all"), &json!({ "locations": 1 }));
    let import = json!({ "lines": 1, "bad": 0, "added": 1, "changed": 0, "unchanged": 0 });
    assert_eq!(
        [told("devices.import"), told("people.import")],
        [&import, &import]
    );
    assert_eq!(counts(&stand).await, [before[0] + 1, before[1] + 1, 0, 0]);
}
