//! T8: export, revoke all, then delete.

use crate::{
    stand::{Stand, apple_says, form, until},
    web::Visitor,
};
use contract::{
    Code, Role,
    activity::{Activity, OperationState, Reach},
    catalog::{AssetQuery, Catalog},
    licenses::{Act, LedgerQuery, LicenseQuery, Licenses, Revocation, RevocationForm, UnknownOrigin},
    tokens::{CreateToken, TokenQuery, TokenState, Tokens},
};
use sandbox::Organisation;

async fn stand() -> Stand {
    Stand::start(Organisation {
        apps: 4,
        books: 1,
        devices: 30,
        users: 2,
        assignments: 40,
        spare: Some(10),
        ..Organisation::default()
    })
    .await
}

async fn licenses(stand: &Stand) -> usize {
    let page = Licenses::list(&stand.portal, &stand.owner, LicenseQuery::default()).await;
    page.unwrap().rows.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_takes_everything_here_and_nothing_at_apple() {
    let stand = stand().await;
    let id = stand.create_token().await;
    let theirs = apple_says(&stand.sandbox, &stand.uid());
    let before = Tokens::deletion(&stand.portal, &stand.owner, &id).await.unwrap();
    assert_eq!(
        (before.name.as_str(), before.apps, before.twin.clone()),
        ("Harbour", 5, None)
    );
    assert_eq!(before.licenses, theirs.len() as i64);
    assert!(before.fault.is_none() && before.revoking.is_none());

    let visitor = Visitor::signed_in_as(&stand, Role::Owner).await;
    let page = visitor
        .get(&format!("/tokens/{id}/delete"))
        .await
        .text()
        .await
        .unwrap();
    let list = format!("/export/licenses.csv?location={}", before.location);
    assert!(page.contains(&format!("href=\"{list}\"")));
    let csv = visitor.get(&list).await.text().await.unwrap();
    assert_eq!(csv.lines().count(), theirs.len() + 1);
    for (adam_id, holder) in &theirs {
        let (kind, holder) = holder.split_once(' ').unwrap();
        let (number, whose) = (format!(",{adam_id},"), format!(",{kind},{holder},"));
        assert!(
            csv.lines()
                .any(|line| line.contains(&number) && line.contains(&whose)),
            "{adam_id} {holder}"
        );
    }

    let wrong = Tokens::delete(&stand.portal, &stand.owner, &id, "Harbor")
        .await
        .unwrap_err();
    assert_eq!(wrong.fields[0].code, Code::ConfirmationWrong);
    stand.sandbox.control().reset_requests();
    Tokens::delete(&stand.portal, &stand.owner, &id, " harbour")
        .await
        .unwrap();
    assert_eq!(
        apple_says(&stand.sandbox, &stand.uid()),
        theirs,
        "nothing is revoked"
    );
    assert!(
        stand
            .sandbox
            .control()
            .requests()
            .iter()
            .all(|call| call.method != "POST")
    );
    assert!(stand.apps().await.is_empty());
    let books = AssetQuery {
        product: contract::catalog::ProductType::Book,
        ..AssetQuery::default()
    };
    assert!(
        Catalog::list(&stand.portal, &stand.owner, books)
            .await
            .unwrap()
            .rows
            .is_empty()
    );
    assert_eq!(licenses(&stand).await, 0);
    let tokens = Tokens::list(&stand.portal, &stand.owner, TokenQuery::default())
        .await
        .unwrap();
    assert!(tokens.rows.is_empty());
    assert_eq!(
        Tokens::detail(&stand.portal, &stand.owner, &id)
            .await
            .unwrap_err()
            .code,
        Code::NotFound
    );

    // The ledger tells what became of each licence, and who did it.
    let (_, holder) = theirs.first().unwrap();
    let query = LedgerQuery {
        holder: holder.split_once(' ').unwrap().1.to_owned(),
        ..LedgerQuery::default()
    };
    let lines = Licenses::ledger(&stand.portal, &stand.owner, query)
        .await
        .unwrap()
        .rows;
    assert_eq!((lines[0].act, lines[0].actor.as_str()), (Act::Forgotten, "Ada"));
    assert!(!lines[0].asset_name.is_empty());

    // The same location can come back.
    let again = Tokens::create(&stand.portal, &stand.owner, form(&stand.token_file(), "Harbour"))
        .await
        .unwrap();
    stand.synced(&again).await;
    stand.comes_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_revoked_first_if_wished_with_progress() {
    let stand = stand().await;
    let id = stand.create_token().await;
    let before = Tokens::deletion(&stand.portal, &stand.owner, &id).await.unwrap();
    assert!(before.revocable > 0 && before.revocable <= before.licenses);
    assert_eq!(before.unknown, before.revocable, "Pomona gave none of them");
    let all = async |confirm: &str, unknown| {
        Tokens::revoke_all(&stand.portal, &stand.owner, &id, confirm, unknown).await
    };
    let untyped = all("", UnknownOrigin::Goes).await.unwrap_err();
    assert_eq!(untyped.fields[0].field, "confirm");
    let unasked = all("Harbour", UnknownOrigin::Stays).await.unwrap_err();
    assert_eq!(unasked.code, Code::OriginUnknown);
    let operation = all(" harbour", UnknownOrigin::Goes).await.unwrap();
    let during = Tokens::deletion(&stand.portal, &stand.owner, &id).await.unwrap();
    assert_eq!(during.revoking.unwrap().0, operation);
    let row = stand.done(&operation).await;
    assert_eq!((row.done, row.failed), (before.revocable, 0));
    let after = Tokens::deletion(&stand.portal, &stand.owner, &id).await.unwrap();
    assert_eq!(
        (after.revocable, after.licenses),
        (0, before.licenses - before.revocable)
    );
    let (_, state, percent) = after.revoking.unwrap();
    assert_eq!((state, percent), (OperationState::Done, 100));
    let none = all("Harbour", UnknownOrigin::Goes).await.unwrap_err();
    assert!(matches!(
        none.code,
        Code::NothingChosen | Code::NotRevocable | Code::BookNeverRevoked
    ));
    assert_eq!(
        apple_says(&stand.sandbox, &stand.uid()).len() as i64,
        after.licenses
    );
    Tokens::delete(&stand.portal, &stand.owner, &id, "Harbour")
        .await
        .unwrap();
    assert_eq!(licenses(&stand).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_revocation_of_the_location_does_not_stand_for_revoking_everything() {
    let stand = stand().await;
    let id = stand.create_token().await;
    let before = Tokens::deletion(&stand.portal, &stand.owner, &id).await.unwrap();
    let app = crate::main_job::app_with(&stand, 1).await;
    let serials = crate::main_job::without(&stand, &app).await[..1].to_vec();
    stand.done(&stand.assign(vec![app.id], &serials).await).await;
    let form = RevocationForm {
        hold_minutes: 60,
        ..RevocationForm::of(Revocation::Asset { asset: app.id })
    };
    let held = Licenses::revoke(&stand.portal, &stand.owner, form).await.unwrap();
    let during = Tokens::deletion(&stand.portal, &stand.owner, &id).await.unwrap();
    assert_eq!(during.revoking, None);
    Activity::cancel(&stand.portal, &stand.owner, &held, Reach::Operation)
        .await
        .unwrap();
    let after = Tokens::deletion(&stand.portal, &stand.owner, &id).await.unwrap();
    assert_eq!(after.revoking, None);
    assert_eq!(
        (after.revocable, after.unknown),
        (before.revocable + 1, before.unknown),
        "what Pomona gave is no licence of unknown origin"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_under_way_is_broken_off_and_a_dead_token_can_go_too() {
    let stand = stand().await;
    let file = stand.token_file();
    let id = Tokens::create(&stand.portal, &stand.owner, form(&file, "Harbour"))
        .await
        .unwrap();
    stand.synced(&id).await;
    stand.sandbox.control().revoke_token(&file).unwrap();
    let app = crate::main_job::app_with(&stand, 3).await;
    let free = crate::main_job::without(&stand, &app).await;
    let operation = stand.assign(vec![app.id], &free[..3]).await;
    until("the token is known to be dead", async || {
        let deletion = Tokens::deletion(&stand.portal, &stand.owner, &id).await.unwrap();
        deletion
            .fault
            .is_some_and(|fault| fault.code == Code::TokenRevoked)
            && deletion.operations_open == 1
    })
    .await;
    Tokens::delete(&stand.portal, &stand.owner, &id, "Harbour")
        .await
        .unwrap();
    let row = stand.done(&operation).await;
    assert_eq!((row.done, row.failed), (0, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_manages_tokens_may() {
    let stand = stand().await;
    let id = stand.create_token().await;
    for role in [Role::HelpDesk, Role::ReadOnly] {
        let caller = contract::Caller {
            role,
            ..stand.owner.clone()
        };
        let file = stand.token_file();
        let refusals = [
            Tokens::delete(&stand.portal, &caller, &id, "Harbour").await.err(),
            Tokens::deletion(&stand.portal, &caller, &id).await.err(),
            Tokens::revoke_all(&stand.portal, &caller, &id, "Harbour", UnknownOrigin::Stays)
                .await
                .err(),
            Tokens::take_control(&stand.portal, &caller, &id, "").await.err(),
            Tokens::renew(&stand.portal, &caller, &id, &file).await.err(),
            Tokens::check_renewal(&stand.portal, &caller, &id, &file)
                .await
                .err(),
        ];
        for refused in refusals {
            assert_eq!(refused.unwrap().code, Code::NotAllowed);
        }
    }
    assert_eq!(stand.token().await.name, "Harbour");
}

#[tokio::test(flavor = "multi_thread")]
async fn t8_what_stays_with_the_other_token_is_told_by_its_state() {
    let stand = stand().await;
    let id = stand.create_token().await;
    let file = stand.token_file();
    let twin = CreateToken {
        keep_duplicate: true,
        ..form(&file, "Quay")
    };
    Tokens::create(&stand.portal, &stand.owner, twin).await.unwrap();
    let left = async || {
        let deletion = Tokens::deletion(&stand.portal, &stand.owner, &id).await.unwrap();
        deletion.twin.expect("the other token stays")
    };
    let twin = left().await;
    assert_eq!(
        (twin.name.as_str(), &twin.state, twin.more),
        ("Quay", &TokenState::Valid, false)
    );
    stand.sandbox.control().revoke_token(&file).unwrap();
    let app = crate::main_job::app_with(&stand, 1).await;
    let serials = crate::main_job::without(&stand, &app).await[..1].to_vec();
    stand.done(&stand.assign(vec![app.id], &serials).await).await;
    assert_eq!(left().await.state, TokenState::Revoked);
    let visitor = crate::web::Visitor::signed_in_as(&stand, Role::Owner).await;
    let page = visitor
        .get(&format!("/tokens/{id}/delete"))
        .await
        .text()
        .await
        .unwrap();
    assert!(page.contains("The location stays, with “Quay”"), "{page}");
    assert!(!page.contains("syncing begins again"), "{page}");
}
