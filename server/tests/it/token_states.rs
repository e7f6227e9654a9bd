//! T3 and T4: each state of a token, reached through the stand-in's control, with what is possible in it and the way out.

use crate::{
    main_job::{app_with, without},
    stand::{Ahead, Stand, form, until, usual},
    web::Visitor,
};
use contract::{
    Code, OperationId, Role, TokenId,
    activity::{Activity, OperationState},
    assignments::{Assignments, DeviceSelection, PlanRequest},
    licenses::{Licenses, Revocation},
    overview::Overview,
    people::{People, PersonForm},
    search::HelpDesk,
    tokens::{CreateToken, Deed, Ownership, SyncState, TokenDetail, TokenState, Tokens},
    users::{AppleAccount, ToldQuery, Users},
};
use sandbox::{Faults, Organisation, TokenRequest, TokenRole};
use server::clock::day;
use std::sync::Arc;

async fn stand() -> Stand {
    Stand::start(Organisation {
        apps: 3,
        devices: 30,
        assignments: 20,
        spare: Some(30),
        ..Organisation::default()
    })
    .await
}

async fn detail(stand: &Stand, id: &TokenId) -> TokenDetail {
    Tokens::detail(&stand.portal, &stand.owner, id).await.unwrap()
}

async fn page(stand: &Stand, id: &TokenId) -> String {
    let visitor = Visitor::signed_in_as(stand, Role::Owner).await;
    visitor.get(&format!("/tokens/{id}")).await.text().await.unwrap()
}

async fn blocked(stand: &Stand, id: &OperationId) -> Code {
    until("the operation waits", async || {
        let row = Activity::detail(&stand.portal, &stand.owner, id).await.unwrap();
        row.state == OperationState::Blocked
    })
    .await;
    let row = Activity::detail(&stand.portal, &stand.owner, id).await.unwrap();
    assert_eq!((row.done, row.failed), (0, 0));
    row.fault.unwrap().code
}

/// Five devices get an app.
async fn assign(stand: &Stand) -> OperationId {
    let app = app_with(stand, 5).await;
    let serials: Vec<_> = without(stand, &app).await.into_iter().take(5).collect();
    stand.assign(vec![app.id], &serials).await
}

async fn try_to_assign(stand: &Stand) -> Option<Code> {
    let app = app_with(stand, 1).await;
    let request = PlanRequest {
        assets: vec![app.id],
        devices: DeviceSelection::Pasted {
            text: stand.serials().join("\n"),
        },
    };
    let plan = Assignments::plan(&stand.portal, &stand.owner, request)
        .await
        .unwrap();
    Assignments::apply(&stand.portal, &stand.owner, &plan)
        .await
        .err()
        .map(|fault| fault.code)
}

async fn try_to_revoke(stand: &Stand, id: &TokenId) -> Option<Code> {
    Tokens::revoke_all(
        &stand.portal,
        &stand.owner,
        id,
        "Harbour",
        contract::licenses::UnknownOrigin::Goes,
    )
    .await
    .err()
    .map(|fault| fault.code)
}

async fn renew(stand: &Stand, id: &TokenId) {
    Tokens::renew(&stand.portal, &stand.owner, id, &stand.token_file())
        .await
        .unwrap();
}

/// The token turns bad while an operation is to be sent: the operation waits, what the state forbids is refused with
/// its own reason, and a renewal lets the operation end.
async fn a_bad_state(make: impl AsyncFnOnce(&Stand, &str), state: TokenState, code: Code) {
    let stand = stand().await;
    let file = stand.token_file();
    let id = Tokens::create(&stand.portal, &stand.owner, form(&file, "Harbour"))
        .await
        .unwrap();
    stand.synced(&id).await;
    make(&stand, &file).await;
    let operation = assign(&stand).await;
    assert_eq!(blocked(&stand, &operation).await, code);
    let now = detail(&stand, &id).await;
    assert_eq!((&now.row.state, now.operations_blocked), (&state, 1));
    let why = now.row.sync_stop().expect("no sync is made in this state");
    assert_eq!(why, now.row.state);
    let shown = page(&stand, &id).await;
    assert!(shown.contains("None: "), "{shown}");
    // The stand-in says so before the day in the file.
    let expired = code == Code::TokenExpired;
    let told = if expired { Code::TokenExpiredEarly } else { code };
    let sync = Tokens::sync(&stand.portal, &stand.owner, &id).await.unwrap_err();
    assert_eq!(sync.code, told);
    let date = sync.with.get("date").cloned();
    assert_eq!(date, expired.then(|| day(now.row.expires_at)));
    assert_eq!(try_to_assign(&stand).await, Some(told));
    assert_eq!(try_to_revoke(&stand, &id).await, Some(told));
    assert_eq!(Tokens::sync_all(&stand.portal, &stand.owner).await.unwrap(), 0);

    stand.sandbox.control().set_faults(usual());
    renew(&stand, &id).await;
    let row = stand.done(&operation).await;
    assert_eq!((row.done, row.failed), (5, 0));
    assert_eq!(detail(&stand, &id).await.row.state, TokenState::Valid);
    stand.synced(&id).await;
    stand.comes_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn expired() {
    let expire = async |stand: &Stand, file: &str| stand.sandbox.control().expire_token(file, None).unwrap();
    a_bad_state(expire, TokenState::Expired, Code::TokenExpired).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_may_only_read_says_so_until_it_may_change_something() {
    let stand = stand().await;
    let request = TokenRequest {
        role: TokenRole::ReadOnly,
        ..TokenRequest::default()
    };
    let file = stand
        .sandbox
        .control()
        .issue_token_as(&stand.uid(), &request)
        .unwrap();
    let id = Tokens::create(&stand.portal, &stand.owner, form(&file, "Harbour"))
        .await
        .unwrap();
    stand.synced(&id).await;
    assert!(
        !detail(&stand, &id).await.row.read_only,
        "Apple has not said so yet"
    );
    let operation = assign(&stand).await;
    assert_eq!(blocked(&stand, &operation).await, Code::AppleRefused);
    let row = detail(&stand, &id).await.row;
    assert_eq!((row.read_only, &row.state), (true, &TokenState::Valid));
    for (deed, can) in [
        (Deed::Assign, false),
        (Deed::Revoke, false),
        (Deed::Sync, true),
        (Deed::Renew, true),
    ] {
        assert_eq!(row.allows(deed), can, "{deed:?}");
    }
    let summary = Overview::summary(&stand.portal, &stand.owner).await.unwrap();
    assert!(summary.tokens_needing_action[0].read_only);
    let found = HelpDesk::search(&stand.portal, &stand.owner, "9637")
        .await
        .unwrap();
    let now = found.error.unwrap().now;
    assert_eq!((now.tokens, now.operations), (1, 1));
    let page = page(&stand, &id).await;
    assert!(page.contains("This token may only read") && page.contains("No: Apple refuses it"));

    renew(&stand, &id).await;
    assert_eq!(stand.done(&operation).await.done, 5);
    assert!(!detail(&stand, &id).await.row.read_only);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_may_not_claim_its_location_is_kept_and_says_that_it_may_only_read() {
    let stand = stand().await;
    let control = stand.sandbox.control();
    control.set_faults(Faults {
        read_only_claims: false,
        ..usual()
    });
    let request = TokenRequest {
        role: TokenRole::ReadOnly,
        ..TokenRequest::default()
    };
    let file = control.issue_token_as(&stand.uid(), &request).unwrap();
    let id = Tokens::create(&stand.portal, &stand.owner, form(&file, "Harbour"))
        .await
        .unwrap();
    stand.synced(&id).await;
    let detail = detail(&stand, &id).await;
    assert!(detail.row.read_only && !detail.row.allows(Deed::Assign));
    assert_eq!(
        (&detail.row.state, &detail.managed_by),
        (&TokenState::Valid, &Ownership::Nobody)
    );
    let newer = control.issue_token_as(&stand.uid(), &request).unwrap();
    Tokens::renew(&stand.portal, &stand.owner, &id, &newer)
        .await
        .unwrap();
    let renewed = self::detail(&stand, &id).await;
    assert!(renewed.row.read_only && !renewed.row.allows(Deed::Assign));
    stand.assert_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t4_the_page_of_a_token_that_is_not_synced_says_why_and_never_that_a_sync_is_queued() {
    let stand = stand().await;
    let first = stand.token_file();
    let id = Tokens::create(&stand.portal, &stand.owner, form(&first, "Harbour"))
        .await
        .unwrap();
    stand.synced(&id).await;
    let twin = CreateToken {
        keep_duplicate: true,
        ..form(&stand.token_file(), "Quay")
    };
    let twin = Tokens::create(&stand.portal, &stand.owner, twin).await.unwrap();
    // One fails over to the other, and is renewed, which asks for a sync.
    stand.sandbox.control().revoke_token(&first).unwrap();
    assign(&stand).await;
    renew(&stand, &id).await;
    for token in [&id, &twin] {
        let row = detail(&stand, token).await.row;
        assert_eq!(row.sync_stop(), Some(TokenState::Duplicate));
        let page = page(&stand, token).await;
        assert!(page.contains("None while the location has two tokens"), "{page}");
        assert!(!page.contains("Queued"), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_whose_day_has_come_is_expired_although_nothing_is_asked_with_it() {
    let stand = stand().await;
    let id = stand.create_token().await;
    let ahead = Arc::new(Ahead::default());
    ahead.by(2 * 365 * 24 * 60 * 60 * 1000);
    let stand = stand.restart(ahead).await;
    until("it is expired", async || {
        detail(&stand, &id).await.row.state == TokenState::Expired
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn revoked_at_apple_9625() {
    let revoke = async |stand: &Stand, file: &str| stand.sandbox.control().revoke_token(file).unwrap();
    a_bad_state(revoke, TokenState::Revoked, Code::TokenRevoked).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn not_a_token_9622() {
    let forget = async |stand: &Stand, _: &str| {
        stand.sandbox.control().set_faults(Faults {
            request_error: Some(9622),
            ..usual()
        });
    };
    a_bad_state(forget, TokenState::Unknown, Code::TokenUnknown).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_apple_refused_by_mistake_is_good_again_with_the_same_file() {
    let stand = stand().await;
    let file = stand.token_file();
    let id = Tokens::create(&stand.portal, &stand.owner, form(&file, "Harbour"))
        .await
        .unwrap();
    stand.synced(&id).await;
    stand.sandbox.control().set_faults(Faults {
        request_error: Some(9622),
        ..usual()
    });
    Tokens::sync(&stand.portal, &stand.owner, &id).await.unwrap();
    until("it is refused", async || {
        detail(&stand, &id).await.row.state == TokenState::Unknown
    })
    .await;
    let refused = Tokens::renew(&stand.portal, &stand.owner, &id, &file)
        .await
        .unwrap_err();
    assert_eq!(refused.code, Code::TokenUnknown);
    stand.sandbox.control().set_faults(usual());
    Tokens::renew(&stand.portal, &stand.owner, &id, &file)
        .await
        .unwrap();
    assert_eq!(detail(&stand, &id).await.row.state, TokenState::Valid);
    stand.synced(&id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tokens_of_a_location_are_duplicates_until_one_is_removed() {
    let stand = stand().await;
    let first = stand.create_token().await;
    let file = stand.token_file();
    let check = Tokens::check(&stand.portal, &stand.owner, &file).await.unwrap();
    assert_eq!(
        check.already_here,
        Some((first.clone(), "Harbour".to_owned())),
        "renewing is offered first"
    );
    let kept = CreateToken {
        keep_duplicate: true,
        ..form(&file, "Harbour II")
    };
    let second = Tokens::create(&stand.portal, &stand.owner, kept).await.unwrap();
    for (id, twin) in [(&first, "Harbour II"), (&second, "Harbour")] {
        let detail = detail(&stand, id).await;
        assert_eq!(detail.row.state, TokenState::Duplicate);
        assert_eq!(detail.twins[0].1, twin);
        let refused = Tokens::sync(&stand.portal, &stand.owner, id).await.unwrap_err();
        assert_eq!(refused.code, Code::TokenDuplicate);
    }
    assert_eq!(Tokens::sync_all(&stand.portal, &stand.owner).await.unwrap(), 0);

    // Assigning and revoking still work, and go on when one of the two is refused in between.
    let row = stand.done(&assign(&stand).await).await;
    assert_eq!((row.done, row.failed), (5, 0));
    stand.sandbox.control().revoke_token(&file).unwrap();
    let row = stand.done(&assign(&stand).await).await;
    assert_eq!((row.done, row.failed), (5, 0));
    assert_eq!(detail(&stand, &second).await.row.state, TokenState::Revoked);
    assert_eq!(detail(&stand, &first).await.row.state, TokenState::Duplicate);
    let app = app_with(&stand, 0).await;
    let revoked = Licenses::revoke(
        &stand.portal,
        &stand.owner,
        crate::main_job::with_unknown(Revocation::Asset { asset: app.id }),
    )
    .await;
    assert_eq!(stand.done(&revoked.unwrap()).await.failed, 0);

    let runs = Tokens::syncs(&stand.portal, &stand.owner, &first)
        .await
        .unwrap()
        .len();
    assert_eq!(runs, 1, "nothing was synced meanwhile");
    Tokens::delete(&stand.portal, &stand.owner, &second, "harbour ii")
        .await
        .unwrap();
    until("the other one is synced", async || {
        let syncs = Tokens::syncs(&stand.portal, &stand.owner, &first).await.unwrap();
        syncs.len() > runs && matches!(syncs[0].state, SyncState::Completed { .. })
    })
    .await;
    let detail = detail(&stand, &first).await;
    assert_eq!((detail.row.state, detail.twins.len()), (TokenState::Valid, 0));
    stand.comes_in_step().await;
}

/// A person who is to be known to Apple, without any licence.
async fn add_person(stand: &Stand) {
    let person = PersonForm {
        name: "Anna".into(),
        user_name: "anna".into(),
        email: "anna@skola.example".into(),
        ..PersonForm::default()
    };
    let (portal, owner) = (&stand.portal, &stand.owner);
    let person = People::add(portal, owner, person).await.unwrap();
    let location = stand.token().await.location;
    Users::add(portal, owner, &person, &location, AppleAccount::Invited)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_may_only_read_is_tried_for_people_once_an_hour() {
    let stand = stand().await;
    let request = TokenRequest {
        role: TokenRole::ReadOnly,
        ..TokenRequest::default()
    };
    let control = stand.sandbox.control();
    let file = control.issue_token_as(&stand.uid(), &request).unwrap();
    let id = Tokens::create(&stand.portal, &stand.owner, form(&file, "Harbour"))
        .await
        .unwrap();
    stand.synced(&id).await;
    let began = stand.portal.clock.now();
    add_person(&stand).await;
    let next_try = async || {
        let told = Users::told(&stand.portal, &stand.owner, ToldQuery::default()).await;
        told.unwrap().page.rows[0].next_try_at
    };
    until("Apple has refused it", async || next_try().await.is_some()).await;
    assert!(next_try().await.unwrap() >= began + 60 * 60_000);
    until("the token says why", async || {
        detail(&stand, &id).await.row.read_only
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_changes_people_may_not_only_read() {
    let stand = stand().await;
    let id = stand.create_token().await;
    let mut raw = stand.folder.raw().await;
    raw.run("UPDATE tokens SET read_only = true".to_owned()).await;
    assert!(detail(&stand, &id).await.row.read_only);
    add_person(&stand).await;
    until("it may change something", async || {
        !detail(&stand, &id).await.row.read_only
    })
    .await;
}
