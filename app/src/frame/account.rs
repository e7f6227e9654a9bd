//! The account menu: who is signed in, language, theme, signing out. A native popover, so it opens without scripts.

use crate::{
    session::calls::SignOut,
    settings::{Languages, Themes},
    t,
};
use contract::{Caller, Role};
use leptos::{prelude::*, server_fn::ServerFn};

#[component]
pub fn Account(caller: Caller) -> impl IntoView {
    let role = match caller.role {
        Role::Owner => t!(role_owner),
        Role::Administrator => t!(role_administrator),
        Role::HelpDesk => t!(role_help_desk),
        Role::ReadOnly => t!(role_read_only),
    };
    view! {
        <button class="avatar" type="button" popovertarget="account" aria-label=t!(frame_account, name = &caller.name)>
            {initials(&caller.name)}
        </button>
        <div class="popover" id="account" popover="auto">
            <p class="popover-who"><b>{caller.name}</b> <span class="muted small">{caller.email}</span></p>
            <p class="muted small">{role}</p>
            <p class="popover-label">{t!(settings_language)}</p>
            <Languages/>
            <p class="popover-label">{t!(settings_theme)}</p>
            <Themes/>
            <form method="post" action=SignOut::PATH>
                <button class="button" type="submit">{t!(sign_out)}</button>
            </form>
        </div>
    }
}

/// Of the first and the last word.
fn initials(name: &str) -> String {
    let mut letters = name.split_whitespace().filter_map(|word| word.chars().next());
    let first = letters.next();
    first
        .into_iter()
        .chain(letters.next_back())
        .flat_map(char::to_uppercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn initials_are_of_the_first_and_last_word() {
        assert_eq!(initials("åsa maria Lind"), "ÅL");
        assert_eq!(initials("Owner"), "O");
        assert_eq!(initials(""), "");
    }
}
