//! `/settings/data-sent-to-apple`: exactly what leaves this server for Apple (T1).

use crate::{
    t,
    ui::{Card, CollectAny, PageHead},
};
use leptos::prelude::*;

pub fn disclosure_page() -> AnyView {
    let rows = [
        (t!(disclosure_token), t!(disclosure_token_why)),
        (t!(disclosure_serials), t!(disclosure_serials_why)),
        (t!(disclosure_user_id), t!(disclosure_user_id_why)),
        (t!(disclosure_account), t!(disclosure_account_why)),
        (t!(disclosure_mdm), t!(disclosure_mdm_why)),
        (t!(disclosure_address), t!(disclosure_address_why)),
        (t!(disclosure_notifications), t!(disclosure_notifications_why)),
    ]
    .map(|(what, why)| {
        view! {
            <tr>
                <th scope="row">{what}</th>
                <td data-label=t!(disclosure_why) class="prose">{why}</td>
            </tr>
        }
    });
    view! {
        <PageHead title=t!(disclosure_title)/>
        <p class="lead">{t!(disclosure_intro)}</p>
        <div class="table-region" role="region" tabindex="0" aria-label=t!(disclosure_title)>
            <table>
                <caption class="visually-hidden">{t!(disclosure_title)}</caption>
                <thead>
                    <tr>
                        <th scope="col">{t!(disclosure_what)}</th>
                        <th scope="col">{t!(disclosure_why)}</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_any()}</tbody>
            </table>
        </div>
        <Card title=t!(disclosure_not_title)>
            <p>{t!(disclosure_not)}</p>
        </Card>
    }
    .into_any()
}
