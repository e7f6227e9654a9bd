use crate::setup::{
    DAY, HOUR, NOW, app, batch, devices, leased, named, on_each, operation, refuse, synced, token,
};
use contract::{Code, Fault, activity::OperationKind, devices::DeviceForm, tokens::TokenState};

#[test]
fn h1_the_first_page_adds_up() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let mut book = app(3);
        book.product = contract::catalog::ProductType::Book;
        let assets = [
            (app(1), devices(0..9)),
            (app(2), devices(0..3)),
            (book, vec![]),
            (app(4), devices(0..10)),
        ];
        let ids = synced(&db, &fence, &assets).await;
        db.describe_assets(
            &fence,
            &[(ids[0], Some(named("Low"))), (ids[3], Some(named("Out")))],
            NOW,
        )
        .await
        .unwrap();
        let form = DeviceForm {
            serial: "C02Y402HLCM6".to_owned(),
            ..DeviceForm::default()
        };
        db.insert_device(&"d".into(), &form, NOW).await.unwrap();
        let mut new = operation(
            &fence,
            "op",
            OperationKind::Assign,
            vec![batch(&ids[1..2], &devices(5..6))],
        );
        new.waiting = vec![(ids[3], crate::setup::device(20))];
        let mut done = operation(&fence, "done", OperationKind::Assign, vec![]);
        done.created_at = NOW;
        db.insert_operations(&[new, done], None).await.unwrap();
        let summary = db.summary(NOW, 5).await.unwrap();
        assert_eq!(
            (summary.tokens, summary.apps, summary.books, summary.devices),
            (1, 3, 1, 1)
        );
        assert_eq!((summary.used, summary.total, summary.waiting), (22, 40, 1));
        assert_eq!(
            summary
                .running_out
                .iter()
                .map(|row| row.name.as_str())
                .collect::<Vec<_>>(),
            ["Out", "Low"]
        );
        let operations: Vec<_> = summary.operations.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(operations, ["op", "done"]);
        assert!(summary.tokens_needing_action.is_empty());
    });
}

#[test]
fn h1_tokens_that_need_somebody_come_the_most_urgent_first() {
    on_each(|db| async move {
        let fence = leased(&db, "Failed").await;
        db.begin_sync(&fence, NOW).await.unwrap();
        db.fail_sync(&fence, &Fault::new(Code::AppleFailing), NOW, NOW + HOUR)
            .await
            .unwrap();
        db.insert_token(&token("Good")).await.unwrap();
        for (name, days) in [("Soon", 59), ("Sooner", 5), ("Later", 61)] {
            let mut token = token(name);
            token.expires_at = NOW + days * DAY;
            db.insert_token(&token).await.unwrap();
        }
        db.insert_token(&token("Bad")).await.unwrap();
        refuse(&db, "Bad", TokenState::Revoked).await;
        let names: Vec<_> = db
            .summary(NOW, 5)
            .await
            .unwrap()
            .tokens_needing_action
            .into_iter()
            .map(|row| row.name)
            .collect();
        assert_eq!(names, ["Bad", "Failed", "Sooner", "Soon"]);
        assert_eq!(db.badges(NOW).await.unwrap().tokens_needing_action, 4);
    });
}

#[test]
fn h1_of_many_apps_that_run_out_the_scarcest_are_told() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let names = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "Y", "Z"];
        let assets: Vec<_> = (1..)
            .zip(names)
            .map(|(number, name)| {
                let mut app = app(number);
                (app.total, app.available) = (200, 200);
                let left = if name > "J" { 6 } else { 15 };
                (app, devices(left..200))
            })
            .collect();
        let ids = synced(&db, &fence, &assets).await;
        let described: Vec<_> = ids
            .iter()
            .zip(names)
            .map(|(id, name)| (*id, Some(named(name))))
            .collect();
        db.describe_assets(&fence, &described, NOW).await.unwrap();
        let running_out = db.summary(NOW, 5).await.unwrap().running_out;
        let told: Vec<_> = running_out.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(told, ["Y", "Z", "A", "B", "C", "D", "E", "F", "G", "H"]);
    });
}

#[test]
fn n1_apps_below_the_set_number_and_waiting_lists_are_told() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let mut free = app(6);
        free.unlimited = true;
        let assets = [
            (app(1), devices(0..10)),
            (app(2), devices(0..6)),
            (app(3), devices(0..5)),
            (app(4), devices(0..9)),
            (app(5), vec![]),
            (free, devices(0..8)),
        ];
        let ids = synced(&db, &fence, &assets).await;
        let described: Vec<_> = ids
            .iter()
            .zip(["None", "Four", "Five", "One", "Unused", "Free"])
            .map(|(id, name)| (*id, Some(named(name))))
            .collect();
        db.describe_assets(&fence, &described, NOW).await.unwrap();
        let mut waits = operation(&fence, "op", OperationKind::Assign, vec![]);
        waits.waiting = vec![
            (ids[0], crate::setup::device(20)),
            (ids[3], crate::setup::device(20)),
            (ids[0], crate::setup::device(21)),
        ];
        db.insert_operations(&[waits], None).await.unwrap();
        let names = |rows: Vec<contract::catalog::AssetRow>| -> Vec<String> {
            rows.into_iter().map(|row| row.name).collect()
        };
        let below = async |left| names(db.summary(NOW, left).await.unwrap().running_out);
        assert_eq!(below(0).await, ["None", "One"]);
        assert_eq!(below(5).await, ["None", "One", "Four"]);
        assert_eq!(below(6).await, ["None", "One", "Four", "Five"]);
        let summary = db.summary(NOW, 5).await.unwrap();
        assert_eq!(summary.read_at, NOW);
        assert_eq!(names(summary.waiting_lists), ["None", "One"]);
    });
}

#[test]
fn n1_apps_that_the_store_no_longer_has_are_counted() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let assets = [(app(1), vec![]), (app(2), vec![]), (app(3), vec![])];
        let ids = synced(&db, &fence, &assets).await;
        assert_eq!(db.summary(NOW, 5).await.unwrap().missing, 0);
        let described = [(ids[0], None), (ids[1], Some(named("There"))), (ids[2], None)];
        db.describe_assets(&fence, &described, NOW).await.unwrap();
        assert_eq!(db.summary(NOW, 5).await.unwrap().missing, 2);
    });
}
