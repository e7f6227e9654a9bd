//! Any wrong, expired or revoked token file: the exact reason, and nothing stored (T2).

use crate::stand::{Stand, form};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use contract::{
    Code, Role,
    tokens::{CreateToken, Ownership, TokenQuery, Tokens},
};
use sandbox::{MdmInfo, Organisation};

fn encoded(json: &str) -> String {
    STANDARD.encode(json)
}

async fn stand() -> Stand {
    Stand::start(Organisation {
        apps: 2,
        devices: 2,
        ..Organisation::default()
    })
    .await
}

async fn stored(stand: &Stand) -> usize {
    Tokens::list(&stand.portal, &stand.owner, TokenQuery::default())
        .await
        .unwrap()
        .rows
        .len()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_wrong_file_is_told_its_own_reason_and_nothing_is_stored() {
    let stand = stand().await;
    let unknown = encoded(r#"{"token":"bm9uZQ==","expDate":"2040-01-01T00:00:00+0000","orgName":"Org"}"#);
    let old = encoded(r#"{"token":"bm9uZQ==","expDate":"2020-01-01T00:00:00+0000","orgName":"Org"}"#);
    let undated = encoded(r#"{"token":"bm9uZQ==","expDate":"soon","orgName":"Org"}"#);
    let keyless = encoded(r#"{"expDate":"2040-01-01T00:00:00+0000","orgName":"Org"}"#);
    let revoked = stand.token_file();
    stand.sandbox.control().revoke_token(&revoked).unwrap();
    let expired = stand.token_file();
    stand.sandbox.control().expire_token(&expired, None).unwrap();
    for (file, code) in [
        (" \n".to_owned(), Code::TokenFileEmpty),
        ("x".repeat(70_000), Code::TokenFileTooLarge),
        ("<html>".to_owned(), Code::TokenFileNotBase64),
        (encoded("no json"), Code::TokenFileNotJson),
        (keyless, Code::TokenFileKeyMissing),
        (undated, Code::TokenFileBadDate),
        (old, Code::TokenExpired),
        (expired, Code::TokenExpiredEarly),
        (unknown, Code::TokenUnknown),
        (revoked, Code::TokenRevoked),
    ] {
        let check = Tokens::check(&stand.portal, &stand.owner, &file)
            .await
            .unwrap_err();
        assert_eq!(check.code, code);
        let create = Tokens::create(&stand.portal, &stand.owner, form(&file, "Harbour"))
            .await
            .unwrap_err();
        assert_eq!(create.code, code);
    }
    assert_eq!(stored(&stand).await, 0);
    assert!(
        stand
            .sandbox
            .control()
            .summary(&stand.uid())
            .unwrap()
            .mdm_info
            .is_none(),
        "nothing was claimed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_who_and_what_and_stores_nothing() {
    let stand = stand().await;
    let check = Tokens::check(&stand.portal, &stand.owner, &stand.token_file())
        .await
        .unwrap();
    assert_eq!(check.organisation, "Fjordlight AB");
    assert_eq!((check.uid, check.country.as_str()), (stand.uid(), "SE"));
    assert_eq!((check.managed_by, check.already_here), (Ownership::Nobody, None));
    assert_eq!(stored(&stand).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_consent_or_names_nothing_is_created() {
    let stand = stand().await;
    let wrong = CreateToken {
        consent: false,
        name: " ".into(),
        apple_account: "nobody".into(),
        ..form(&stand.token_file(), "")
    };
    let fault = Tokens::create(&stand.portal, &stand.owner, wrong)
        .await
        .unwrap_err();
    let fields: Vec<_> = fault
        .fields
        .iter()
        .map(|field| (field.field.as_str(), field.code))
        .collect();
    let expected = [
        ("name", Code::Required),
        ("apple_account", Code::EmailInvalid),
        ("consent", Code::ConsentMissing),
    ];
    assert_eq!(fields, expected);
    assert_eq!(stored(&stand).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_token_of_a_location_and_the_same_file_are_refused() {
    let stand = stand().await;
    let file = stand.token_file();
    Tokens::create(&stand.portal, &stand.owner, form(&file, "Harbour"))
        .await
        .unwrap();
    let same = Tokens::create(&stand.portal, &stand.owner, form(&file, "Again"))
        .await
        .unwrap_err();
    assert_eq!(
        (same.code, same.with["name"].as_str()),
        (Code::TokenAlreadyHere, "Harbour")
    );
    let other = Tokens::create(&stand.portal, &stand.owner, form(&stand.token_file(), "Again"))
        .await
        .unwrap_err();
    assert_eq!(
        (other.code, other.with["name"].as_str()),
        (Code::LocationAlreadyHere, "Harbour")
    );
    assert_eq!(stored(&stand).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_add_one_location_at_once_the_slower_is_told_of_the_quicker() {
    let stand = stand().await;
    let same = stand.token_file();
    for files in [[same.clone(), same], [stand.token_file(), stand.token_file()]] {
        let names = ["Harbour", "Inland"];
        let create = |n: usize| Tokens::create(&stand.portal, &stand.owner, form(&files[n], names[n]));
        let (first, second) = tokio::join!(create(0), create(1));
        let (id, slower, quicker) = match (first, second) {
            (Ok(id), Err(slower)) => (id, slower, "Harbour"),
            (Err(slower), Ok(id)) => (id, slower, "Inland"),
            both => panic!("one of them is stored: {both:?}"),
        };
        let expected = if files[0] == files[1] {
            [Code::TokenAlreadyHere, Code::LocationAlreadyHere].contains(&slower.code)
        } else {
            slower.code == Code::LocationAlreadyHere
        };
        assert!(expected, "{slower:?}");
        assert_eq!(slower.with["name"].as_str(), quicker);
        Tokens::delete(&stand.portal, &stand.owner, &id, quicker)
            .await
            .unwrap();
    }
    assert_eq!(stored(&stand).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_mdm_keeps_its_location_until_control_is_taken() {
    let stand = stand().await;
    let other = MdmInfo {
        id: "other".into(),
        name: "Contoso MDM".into(),
        metadata: "mdm.contoso.example".into(),
    };
    stand.sandbox.control().claim(&stand.uid(), Some(other)).unwrap();
    let file = stand.token_file();
    let check = Tokens::check(&stand.portal, &stand.owner, &file).await.unwrap();
    assert!(matches!(check.managed_by, Ownership::Other { name, .. } if name == "Contoso MDM"));
    let id = Tokens::create(&stand.portal, &stand.owner, form(&file, "Harbour"))
        .await
        .unwrap();
    stand.synced(&id).await;
    assert_eq!(stand.token().await.state.as_str(), "assigned_to_external_mdm");
    assert!(
        !stand
            .sandbox
            .control()
            .requests()
            .iter()
            .any(|call| call.method == "POST"),
        "nothing was changed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn control_is_taken_when_asked_for() {
    let stand = stand().await;
    let other = MdmInfo {
        id: "other".into(),
        name: "Contoso MDM".into(),
        metadata: String::new(),
    };
    stand.sandbox.control().claim(&stand.uid(), Some(other)).unwrap();
    let taking = |from: &str| CreateToken {
        take_control: true,
        take_control_from: from.into(),
        ..form(&stand.token_file(), "Harbour")
    };
    for named in ["", "Fabrikam"] {
        let refused = Tokens::create(&stand.portal, &stand.owner, taking(named))
            .await
            .unwrap_err();
        assert_eq!(
            (refused.code, refused.with["mdm"].as_str()),
            (Code::OwnerChanged, "Contoso MDM")
        );
    }
    let taking = taking("Contoso MDM");
    let id = Tokens::create(&stand.portal, &stand.owner, taking).await.unwrap();
    stand.synced(&id).await;
    assert_eq!(stand.token().await.state.as_str(), "valid");
    assert_eq!(
        stand
            .sandbox
            .control()
            .summary(&stand.uid())
            .unwrap()
            .mdm_info
            .unwrap()
            .name,
        "Pomona"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_checked_at_every_call() {
    let stand = stand().await;
    let file = stand.token_file();
    for role in [Role::HelpDesk, Role::ReadOnly] {
        let caller = contract::Caller {
            role,
            ..stand.owner.clone()
        };
        let refused = Tokens::create(&stand.portal, &caller, form(&file, "Harbour"))
            .await
            .unwrap_err();
        assert_eq!(refused.code, Code::NotAllowed);
        assert_eq!(
            Tokens::check(&stand.portal, &caller, &file)
                .await
                .unwrap_err()
                .code,
            Code::NotAllowed
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_itself_is_in_no_table() {
    let stand = stand().await;
    let file = stand.token_file();
    Tokens::create(&stand.portal, &stand.owner, form(&file, "Harbour"))
        .await
        .unwrap();
    let secret = file.trim().as_bytes();
    for entry in std::fs::read_dir(&stand.folder.0).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(40).any(|window| window == &secret[..40]));
    }
}
