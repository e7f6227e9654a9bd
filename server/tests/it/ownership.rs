//! T5: Pomona changes nothing at a location that another MDM owns, sees at once when one takes it, and goes on exactly
//! where it stopped when it is taken back.

use crate::{
    main_job::{app_with, without},
    stand::{Stand, form, until, usual},
};
use contract::{
    Code, OperationId, TokenId,
    activity::{Activity, ItemQuery, ItemState, OperationRow, OperationState},
    assignments::{Assignments, DeviceSelection, PlanRequest},
    licenses::{Licenses, Revocation},
    live::LiveEvent,
    overview::Overview,
    tokens::{CreateToken, Ownership, SyncState, TokenDetail, TokenState, Tokens},
};
use sandbox::{Faults, ForeignClaim, Limits, MdmInfo, Organisation};

fn contoso() -> MdmInfo {
    MdmInfo {
        id: "contoso".into(),
        name: "Contoso MDM".into(),
        metadata: "mdm.contoso.example".into(),
    }
}

fn organisation() -> Organisation {
    Organisation {
        apps: 3,
        devices: 60,
        assignments: 20,
        spare: Some(60),
        ..Organisation::default()
    }
}

/// Calls of five devices each, so that there are many.
fn small_calls() -> Faults {
    Faults {
        limits: Limits {
            max_serial_numbers: 5,
            ..Limits::default()
        },
        ..usual()
    }
}

async fn detail(stand: &Stand, id: &TokenId) -> TokenDetail {
    Tokens::detail(&stand.portal, &stand.owner, id).await.unwrap()
}

async fn operation(stand: &Stand, id: &OperationId) -> OperationRow {
    Activity::detail(&stand.portal, &stand.owner, id).await.unwrap()
}

async fn state_becomes(stand: &Stand, id: &TokenId, state: &str) {
    until(state, async || {
        detail(stand, id).await.row.state.as_str() == state
    })
    .await;
}

/// Numbers of the requests that changed licences.
fn writes(stand: &Stand) -> Vec<u64> {
    let requests = stand.sandbox.control().requests();
    let writes = requests
        .iter()
        .filter(|call| call.method == "POST" && call.path.contains("assets/"));
    writes.map(|call| call.number).collect()
}

async fn sent(stand: &Stand, id: &OperationId) -> usize {
    let query = ItemQuery {
        state: Some(ItemState::Sent),
        ..ItemQuery::default()
    };
    let items = Activity::items(&stand.portal, &stand.owner, id, query)
        .await
        .unwrap();
    items.rows.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_location_is_claimed_with_id_name_and_address() {
    let stand = Stand::start(organisation()).await;
    let id = stand.create_token().await;
    let info = stand
        .sandbox
        .control()
        .summary(&stand.uid())
        .unwrap()
        .mdm_info
        .unwrap();
    assert_eq!(
        (info.name.as_str(), info.metadata.as_str()),
        ("Pomona", stand.running.origin.as_str())
    );
    assert_eq!(info.id, stand.portal.identity.id);
    let detail = detail(&stand, &id).await;
    assert_eq!(detail.managed_by, Ownership::ThisPomona);
    assert!(detail.claimed_at.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_location_lost_in_the_middle_of_an_operation_is_left_alone_within_one_request_and_taken_back_exactly()
 {
    let stand = Stand::start_with(organisation(), small_calls()).await;
    let id = stand.create_token().await;
    let app = app_with(&stand, 40).await;
    let serials: Vec<_> = without(&stand, &app).await.into_iter().take(40).collect();
    let mut live = stand.portal.live.listen();
    let control = stand.sandbox.control();
    // The look before, three calls, and with the fifth request the location is another's.
    control.reset_requests();
    control.set_faults(Faults {
        foreign_claim: Some(ForeignClaim {
            after_requests: 4,
            mdm_info: contoso(),
        }),
        ..small_calls()
    });
    let lost = stand.assign(vec![app.id], &serials).await;
    until("the operation waits", async || {
        operation(&stand, &lost).await.state == OperationState::Blocked
    })
    .await;
    // What was sent before is followed to its end.
    until("nothing is under way", async || sent(&stand, &lost).await == 0).await;

    let requests = control.requests();
    let of_location: Vec<u64> = requests
        .iter()
        .filter(|call| call.uid.is_some() && call.path.starts_with("/mdm/"))
        .map(|call| call.number)
        .collect();
    let taken = of_location[4];
    assert!(
        writes(&stand).iter().all(|write| *write <= taken),
        "not one call after the answer that told it"
    );
    let before = writes(&stand).len();
    assert!((1..8).contains(&before), "in the middle: {before}");

    let row = operation(&stand, &lost).await;
    let fault = row.fault.clone().unwrap();
    assert_eq!(
        (fault.code, fault.with["mdm"].as_str()),
        (Code::OwnedByOtherMdm, "Contoso MDM")
    );
    assert_eq!(
        (row.done, row.failed),
        (before as i64 * 5, 0),
        "it waits, it has not failed"
    );
    let token = detail(&stand, &id).await;
    let external = TokenState::AssignedToExternalMdm {
        mdm: "Contoso MDM".into(),
    };
    assert_eq!((token.row.state.clone(), token.operations_blocked), (external, 1));
    assert!(matches!(token.managed_by, Ownership::Other { .. }));
    let summary = Overview::summary(&stand.portal, &stand.owner).await.unwrap();
    assert!(
        summary.tokens_needing_action.iter().any(|row| row.id == id),
        "the alert"
    );
    let mut told = false;
    while let Ok(event) = live.try_recv() {
        told |= matches!(event, LiveEvent::Token { .. });
    }
    assert!(told, "open pages hear of it");

    // Meanwhile: looking and syncing, but nothing that changes anything.
    Tokens::sync(&stand.portal, &stand.owner, &id).await.unwrap();
    stand.synced(&id).await;
    let plan = PlanRequest {
        assets: vec![app.id],
        devices: DeviceSelection::Pasted {
            text: stand.serials().join("\n"),
        },
    };
    let plan = Assignments::plan(&stand.portal, &stand.owner, plan)
        .await
        .unwrap();
    let refused = Assignments::apply(&stand.portal, &stand.owner, &plan)
        .await
        .unwrap_err();
    assert_eq!(refused.code, Code::OwnedByOtherMdm);
    let all = Revocation::Asset { asset: app.id };
    let refused = Licenses::revoke(&stand.portal, &stand.owner, crate::main_job::with_unknown(all))
        .await
        .unwrap_err();
    assert_eq!(refused.code, Code::OwnedByOtherMdm);
    assert_eq!(writes(&stand).len(), before);

    // The question named another MDM than the one that owns it by now.
    let other = MdmInfo {
        name: "Fabrikam".into(),
        ..contoso()
    };
    control.claim(&stand.uid(), Some(other)).unwrap();
    let refused = Tokens::take_control(&stand.portal, &stand.owner, &id, "Contoso MDM")
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code, refused.with["mdm"].as_str()),
        (Code::OwnerChanged, "Fabrikam")
    );
    // So that the question, asked again, is about that one.
    let state = detail(&stand, &id).await.row.state;
    assert_eq!(
        state,
        TokenState::AssignedToExternalMdm {
            mdm: "Fabrikam".to_owned()
        }
    );
    Tokens::take_control(&stand.portal, &stand.owner, &id, "Fabrikam")
        .await
        .unwrap();
    let row = stand.done(&lost).await;
    assert_eq!((row.done, row.failed, row.waiting), (40, 0, 0));
    assert_eq!(writes(&stand).len(), 8, "no pair was sent twice");
    assert_eq!(detail(&stand, &id).await.row.state, TokenState::Valid);
    stand.synced(&id).await;
    stand.comes_in_step().await;
    let again = Tokens::take_control(&stand.portal, &stand.owner, &id, "")
        .await
        .unwrap_err();
    assert_eq!(again.code, Code::OwnedHere);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_sees_the_loss_and_what_was_queued_waits_untouched() {
    let stand = Stand::start_with(organisation(), small_calls()).await;
    let id = stand.create_token().await;
    let app = app_with(&stand, 5).await;
    let serials: Vec<_> = without(&stand, &app).await.into_iter().take(5).collect();
    stand
        .sandbox
        .control()
        .claim(&stand.uid(), Some(contoso()))
        .unwrap();
    stand.sandbox.control().reset_requests();
    // Nobody here knows yet; the look before the first call tells.
    let waiting = stand.assign(vec![app.id], &serials).await;
    state_becomes(&stand, &id, "assigned_to_external_mdm").await;
    until("it waits", async || {
        operation(&stand, &waiting).await.state == OperationState::Blocked
    })
    .await;
    Tokens::sync(&stand.portal, &stand.owner, &id).await.unwrap();
    stand.synced(&id).await;
    assert!(writes(&stand).is_empty());
    // Given back by the other side: the next sync sees that too.
    let ours = stand.portal.identity.clone();
    let ours = MdmInfo {
        id: ours.id,
        name: ours.name,
        metadata: ours.metadata,
    };
    stand.sandbox.control().claim(&stand.uid(), Some(ours)).unwrap();
    Tokens::sync(&stand.portal, &stand.owner, &id).await.unwrap();
    assert_eq!(stand.done(&waiting).await.done, 5);
    state_becomes(&stand, &id, "valid").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_mdm_of_the_older_interface_is_named_by_its_host() {
    let stand = Stand::start(organisation()).await;
    let older = MdmInfo {
        id: "5c0d".into(),
        name: "{\"hostname\":\"mdm.school.example\",\"guid\":\"5c0d\"}".into(),
        metadata: "token being used".into(),
    };
    stand.sandbox.control().claim(&stand.uid(), Some(older)).unwrap();
    let file = stand.token_file();
    let check = Tokens::check(&stand.portal, &stand.owner, &file).await.unwrap();
    assert_eq!(check.managed_by.other().as_deref(), Some("mdm.school.example"));
    let id = Tokens::create(&stand.portal, &stand.owner, form(&file, "Harbour"))
        .await
        .unwrap();
    stand.synced(&id).await;
    assert_eq!(
        detail(&stand, &id).await.row.state,
        TokenState::AssignedToExternalMdm {
            mdm: "mdm.school.example".into()
        }
    );
    Tokens::take_control(&stand.portal, &stand.owner, &id, "mdm.school.example")
        .await
        .unwrap();
    state_becomes(&stand, &id, "valid").await;
    let taking = CreateToken {
        take_control: true,
        ..form(&stand.token_file(), "Again")
    };
    let refused = Tokens::create(&stand.portal, &stand.owner, taking)
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code, refused.with["token"].as_str()),
        (Code::LocationAlreadyHere, id.as_str())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_location_that_nobody_owns_any_more_is_claimed_again() {
    let stand = Stand::start(organisation()).await;
    let id = stand.create_token().await;
    let control = stand.sandbox.control();
    control.claim(&stand.uid(), None).unwrap();
    Tokens::sync(&stand.portal, &stand.owner, &id).await.unwrap();
    until("it is known", async || {
        detail(&stand, &id).await.managed_by == Ownership::Nobody
    })
    .await;
    Tokens::take_control(&stand.portal, &stand.owner, &id, "")
        .await
        .unwrap();
    let ours = control.summary(&stand.uid()).unwrap().mdm_info.unwrap();
    assert_eq!(ours.id, stand.portal.identity.id);
    assert_eq!(detail(&stand, &id).await.managed_by, Ownership::ThisPomona);
    let again = Tokens::take_control(&stand.portal, &stand.owner, &id, "")
        .await
        .unwrap_err();
    assert_eq!(again.code, Code::OwnedHere);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_resumed_while_the_token_is_still_bad() {
    let stand = Stand::start(organisation()).await;
    stand.create_token().await;
    let app = app_with(&stand, 1).await;
    let serials = without(&stand, &app).await[..1].to_vec();
    stand
        .sandbox
        .control()
        .claim(&stand.uid(), Some(contoso()))
        .unwrap();
    let waiting = stand.assign(vec![app.id], &serials).await;
    until("it waits", async || {
        operation(&stand, &waiting).await.state == OperationState::Blocked
    })
    .await;
    let refused = Activity::resume(&stand.portal, &stand.owner, &waiting)
        .await
        .unwrap_err();
    assert_eq!(refused.code, Code::OwnedByOtherMdm);
    let row = operation(&stand, &waiting).await;
    assert_eq!(row.state, OperationState::Blocked, "and says so still");
    assert!(row.waits_for_token() && row.token.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn t5_an_mdm_without_a_name_is_told_by_its_id_and_another_pomona_by_its_address() {
    let stand = Stand::start(organisation()).await;
    let id = stand.create_token().await;
    let control = stand.sandbox.control();
    let visitor = crate::web::Visitor::signed_in_as(&stand, contract::Role::Owner).await;
    let mdm = |name: &str, metadata: &str| MdmInfo {
        id: "5f0c-41".into(),
        name: name.into(),
        metadata: metadata.into(),
    };
    for (other, words) in [
        (mdm("", ""), "an MDM without a name (id 5f0c-41)"),
        (
            mdm("Pomona", "https://apps.quay.example"),
            "“Pomona, https://apps.quay.example”",
        ),
    ] {
        control.claim(&stand.uid(), Some(other)).unwrap();
        crate::drift::sync_again(&stand).await;
        state_becomes(&stand, &id, "assigned_to_external_mdm").await;
        let page = visitor.get(&format!("/tokens/{id}")).await.text().await.unwrap();
        assert!(
            page.contains(&format!("Managed by another MDM: {words}")),
            "{page}"
        );
        let page = visitor
            .get(&format!("/tokens/{id}/take-control"))
            .await
            .text()
            .await
            .unwrap();
        assert!(
            page.contains(&format!("This location is managed by {words}")),
            "{page}"
        );
    }
    // What the question names is what is taken over from.
    let from = detail(&stand, &id).await.managed_by.other().unwrap();
    Tokens::take_control(&stand.portal, &stand.owner, &id, &from)
        .await
        .unwrap();
    state_becomes(&stand, &id, "valid").await;
}

/// The location is known by its `uId` alone (T6): what another one says or has is not taken over, and nothing is sent there.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_answers_for_another_location_is_neither_read_nor_used() {
    let stand = Stand::start(organisation()).await;
    let id = stand.create_token().await;
    let app = app_with(&stand, 10).await;
    let serials = without(&stand, &app).await;
    let (uid, before) = (stand.uid(), stand.apps().await);
    let mut raw = stand.folder.raw().await;
    raw.run("UPDATE locations SET uid = '31313131'".to_owned()).await;
    let sent = writes(&stand);
    Tokens::sync(&stand.portal, &stand.owner, &id).await.unwrap();
    until("the sync fails, and says why", async || {
        match detail(&stand, &id).await.row.sync {
            SyncState::Failed { fault, .. } => fault.code == Code::AppleOtherLocation,
            _ => false,
        }
    })
    .await;
    assert_eq!(stand.apps().await, before);
    let given = stand.assign(vec![app.id], &serials[..2]).await;
    until("the operation says why it does not go on", async || {
        let row = operation(&stand, &given).await;
        row.state == OperationState::Blocked
            && row
                .fault
                .is_some_and(|fault| fault.code == Code::AppleOtherLocation)
    })
    .await;
    assert_eq!(writes(&stand), sent);

    raw.run(format!("UPDATE locations SET uid = '{uid}'")).await;
    Activity::resume(&stand.portal, &stand.owner, &given)
        .await
        .unwrap();
    assert_eq!(stand.done(&given).await.done, 2);
    Tokens::sync(&stand.portal, &stand.owner, &id).await.unwrap();
    stand.comes_in_step().await;
}
