//! C3, A12: what is kept for groups is seen among an app's figures, and why others wait although licences are available.

use crate::{
    shop::{REQUIRED, Shop},
    stand::until,
    web::Visitor,
};
use contract::{
    Role,
    assignments::{Intent, LicenseKind, Target},
    catalog::Catalog,
};

#[tokio::test(flavor = "multi_thread")]
async fn a12_a_group_that_is_excluded_or_uninstalls_keeps_nothing() {
    let mut shop = Shop::open(4, 2).await;
    let ids = shop.ids(0..4);
    let uninstall = Target::Include {
        intent: Intent::Uninstall,
        kind: LicenseKind::Device,
    };
    for (group, target) in [("out", Target::Exclude), ("off", uninstall)] {
        shop.group(group, 1, ids[3..].to_vec()).await;
        let mut reserving = shop.form(group, target);
        reserving.reserved = 2;
        shop.save(reserving).await;
    }
    assert!(shop.rows().await.iter().all(|row| row.reserved == 0));
    shop.group("all", 1, ids).await;
    shop.assign("all", REQUIRED).await;
    shop.holds("both licences are given", shop.serials(0..2)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c3_a_page_says_how_many_licences_are_reserved_and_that_others_wait_for_that_reason() {
    let mut shop = Shop::open(6, 4).await;
    let ids = shop.ids(0..6);
    let visitor = Visitor::signed_in_as(&shop.stand, Role::ReadOnly).await;
    let page = async |app| visitor.get(&format!("/apps/{app}")).await.text().await.unwrap();
    let words = [
        "of these reserved for groups",
        "All available licences are reserved",
    ];
    let text = page(shop.app).await;
    assert!(words.iter().all(|words| !text.contains(words)));

    // One of the three that are kept is used by the only member.
    shop.group("kept", 1, ids[..1].to_vec()).await;
    let mut reserving = shop.form("kept", REQUIRED);
    reserving.reserved = 3;
    shop.save(reserving).await;
    shop.holds("the only member has one", shop.serials(0..1)).await;
    let text = page(shop.app).await;
    assert!(
        text.contains(words[0]) && !text.contains(words[1]),
        "nobody waits"
    );

    shop.group("rest", 1, ids[1..4].to_vec()).await;
    shop.save(shop.form("rest", REQUIRED)).await;
    shop.holds("one more is free for the rest", shop.serials(0..2))
        .await;
    let detail = async || {
        Catalog::detail(&shop.stand.portal, &shop.stand.owner, shop.app)
            .await
            .unwrap()
    };
    until("the others wait", async || detail().await.row.counts.waiting == 2).await;
    let asset = detail().await;
    assert_eq!((asset.row.counts.available, asset.reserved), (2, 2));
    let text = page(shop.app).await;
    assert!(words.iter().all(|words| text.contains(words)));
}
