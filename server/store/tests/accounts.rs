use crate::setup::{NOW, on_each};
use contract::{AccountId, Code, Role, accounts::AccountState};
use store::{
    Db, StoreError,
    accounts::{Account, NewLink},
    sessions::SessionRecord,
};

fn account(name: &str, role: Role, password: Option<&str>) -> Account {
    Account {
        id: AccountId::from(name),
        name: name.to_owned(),
        email: format!("{name}@example.com"),
        role,
        password: password.map(str::to_owned),
        disabled: false,
    }
}

fn link(hash: &str, account: &str) -> NewLink {
    NewLink {
        hash: hash.as_bytes().to_vec(),
        account: account.into(),
        first: false,
        expires_at: NOW + 100,
    }
}

async fn add(db: &Db, name: &str, role: Role, password: Option<&str>) {
    db.insert_account(&account(name, role, password), NOW)
        .await
        .unwrap();
}

async fn sign_in(db: &Db, name: &str) {
    let session = SessionRecord {
        hash: name.as_bytes().to_vec(),
        account: Some(name.into()),
        data: Vec::new(),
        expires_at: NOW + 1000,
    };
    db.insert_session(&session).await.unwrap();
}

#[test]
fn z1_an_email_address_is_one_account_whatever_its_case() {
    on_each(|db| async move {
        add(&db, "ada", Role::Owner, Some("x")).await;
        let twin = Account {
            email: "ADA@Example.com".to_owned(),
            ..account("eve", Role::ReadOnly, None)
        };
        assert!(matches!(
            db.insert_account(&twin, NOW).await,
            Err(StoreError::Taken(Code::EmailTaken))
        ));
        assert_eq!(db.count_accounts().await.unwrap(), 1);
        let found = db.account_by_email(" Ada@EXAMPLE.com").await.unwrap().unwrap();
        assert_eq!(found.id.as_str(), "ada");
        assert_eq!(found.email, "ada@example.com");
    });
}

#[test]
fn accounts_are_listed_by_name_with_their_state() {
    on_each(|db| async move {
        add(&db, "Örjan", Role::ReadOnly, None).await;
        add(&db, "ada", Role::Owner, Some("x")).await;
        add(&db, "Bob", Role::HelpDesk, Some("x")).await;
        db.set_disabled(&"Bob".into(), true).await.unwrap();
        db.signed_in(&"ada".into(), NOW + 5).await.unwrap();
        let rows = db.accounts().await.unwrap();
        let seen: Vec<_> = rows
            .iter()
            .map(|row| (row.name.as_str(), row.state, row.last_sign_in))
            .collect();
        assert_eq!(
            seen,
            [
                ("ada", AccountState::Active, Some(NOW + 5)),
                ("Bob", AccountState::Disabled, None),
                ("Örjan", AccountState::Invited, None),
            ]
        );
    });
}

#[test]
fn z2_the_last_owner_stays() {
    on_each(|db| async move {
        add(&db, "ada", Role::Owner, Some("x")).await;
        add(&db, "invited", Role::Owner, None).await;
        add(&db, "bob", Role::Administrator, Some("x")).await;
        let last = |result| matches!(result, Err(StoreError::Taken(Code::LastOwner)));
        assert!(last(db.set_role(&"ada".into(), Role::ReadOnly).await));
        assert!(last(db.set_disabled(&"ada".into(), true).await));
        db.set_role(&"bob".into(), Role::Owner).await.unwrap();
        db.set_disabled(&"ada".into(), true).await.unwrap();
        assert!(last(db.set_role(&"bob".into(), Role::HelpDesk).await));
        assert!(db.account(&"ada".into()).await.unwrap().unwrap().disabled);
        assert_eq!(
            db.account(&"bob".into()).await.unwrap().unwrap().role,
            Role::Owner
        );
        db.set_disabled(&"ada".into(), false).await.unwrap();
        db.set_role(&"bob".into(), Role::HelpDesk).await.unwrap();
    });
}

#[test]
fn z2_of_two_owners_that_leave_at_once_one_stays() {
    on_each(|db| async move {
        for round in 0..5 {
            let names = [format!("a{round}"), format!("b{round}")];
            for name in &names {
                add(&db, name, Role::Owner, Some("x")).await;
            }
            if round > 0 {
                for row in db.accounts().await.unwrap() {
                    if !row.name.ends_with(&round.to_string()) {
                        db.set_disabled(&row.id, true).await.unwrap();
                    }
                }
            }
            let leave = names.map(|name| {
                let db = db.clone();
                tokio::spawn(async move { db.set_role(&name.into(), Role::ReadOnly).await.is_ok() })
            });
            let left = futures::future::try_join_all(leave).await.unwrap();
            assert_eq!(left.iter().filter(|ok| **ok).count(), 1);
        }
    });
}

#[test]
fn a_disabled_account_is_signed_out() {
    on_each(|db| async move {
        add(&db, "ada", Role::Owner, Some("x")).await;
        add(&db, "bob", Role::HelpDesk, Some("x")).await;
        sign_in(&db, "ada").await;
        sign_in(&db, "bob").await;
        db.set_disabled(&"bob".into(), true).await.unwrap();
        assert!(db.session(b"bob", NOW).await.unwrap().is_none());
        assert!(db.session(b"ada", NOW).await.unwrap().is_some());
    });
}

#[test]
fn a_disabled_account_has_no_link() {
    on_each(|db| async move {
        add(&db, "ada", Role::Owner, Some("x")).await;
        add(&db, "bob", Role::HelpDesk, None).await;
        db.insert_link(&link("h", "bob")).await.unwrap();
        db.set_disabled(&"bob".into(), true).await.unwrap();
        assert!(db.link(b"h", NOW).await.unwrap().is_none());
        let refused = db.insert_link(&link("h", "bob")).await;
        assert!(matches!(
            refused,
            Err(StoreError::Refused(Code::ChangedMeanwhile))
        ));
        db.set_disabled(&"bob".into(), false).await.unwrap();
        assert!(db.link(b"h", NOW).await.unwrap().is_none());
        db.insert_link(&link("h", "bob")).await.unwrap();
        assert!(db.link(b"h", NOW).await.unwrap().is_some());
    });
}

#[test]
fn a_link_sets_the_password_once() {
    on_each(|db| async move {
        add(&db, "ada", Role::Owner, None).await;
        sign_in(&db, "ada").await;
        db.insert_link(&link("h", "ada")).await.unwrap();
        assert_eq!(db.link(b"h", NOW).await.unwrap().unwrap().1.name, "ada");
        let tries = (0..8).map(|n| {
            let db = db.clone();
            tokio::spawn(async move {
                db.use_link(b"h", NOW, "Ada", "ada@example.org", &format!("password {n}"))
                    .await
            })
        });
        let results = futures::future::try_join_all(tries).await.unwrap();
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
        let winner = results.iter().position(Result::is_ok).unwrap();
        assert!(
            results
                .iter()
                .all(|result| matches!(result, Ok(_) | Err(StoreError::NotFound)))
        );
        let ada = db.account(&"ada".into()).await.unwrap().unwrap();
        assert_eq!(ada.password, Some(format!("password {winner}")));
        assert_eq!(
            (ada.name.as_str(), ada.email.as_str()),
            ("Ada", "ada@example.org")
        );
        assert!(db.link(b"h", NOW).await.unwrap().is_none());
        assert!(db.session(b"ada", NOW).await.unwrap().is_none());
    });
}

#[test]
fn a_link_is_no_good_when_it_is_late_or_replaced() {
    on_each(|db| async move {
        add(&db, "ada", Role::Owner, None).await;
        add(&db, "bob", Role::Owner, None).await;
        for (hash, name) in [("b", "bob"), ("old", "ada"), ("new", "ada")] {
            db.insert_link(&link(hash, name)).await.unwrap();
        }
        let try_link = async |hash: &[u8], now| db.use_link(hash, now, "n", "n@example.com", "p").await;
        assert!(matches!(try_link(b"old", NOW).await, Err(StoreError::NotFound)));
        assert!(matches!(
            try_link(b"new", NOW + 100).await,
            Err(StoreError::NotFound)
        ));
        assert!(db.link(b"new", NOW + 100).await.unwrap().is_none());
        assert!(try_link(b"new", NOW + 99).await.is_ok());
        assert!(db.link(b"b", NOW).await.unwrap().is_some());
        assert!(matches!(
            db.insert_link(&link("x", "nobody")).await,
            Err(StoreError::NotFound)
        ));
    });
}

#[test]
fn a_link_is_not_used_up_by_an_address_that_is_taken() {
    on_each(|db| async move {
        add(&db, "ada", Role::Owner, Some("x")).await;
        add(&db, "bob", Role::Owner, None).await;
        db.insert_link(&link("h", "bob")).await.unwrap();
        let taken = db.use_link(b"h", NOW, "Bob", "ADA@example.com", "p").await;
        assert!(matches!(taken, Err(StoreError::Taken(Code::EmailTaken))));
        assert_eq!(db.account(&"bob".into()).await.unwrap().unwrap().password, None);
        assert!(
            db.use_link(b"h", NOW, "Bob", "bob@example.com", "p")
                .await
                .is_ok()
        );
    });
}
