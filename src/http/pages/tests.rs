//! Every page in every state and language; the catalogues against each other and against their use.

use super::*;
use crate::http::views::NotFound;

const VIEW: View<'static> = View { lang: Lang::Fr, here: "/connexion?i=abc&lang=fr&client_id=mon%20ent" };

#[test]
fn the_other_language_keeps_the_rest_of_the_query_and_never_leaves_the_site() {
    assert_eq!(in_language("/connexion?i=a%26b&lang=fr&x=é", Lang::En), "/connexion?i=a%26b&x=%C3%A9&lang=en");
    assert_eq!(in_language("/aide", Lang::En), "/aide?lang=en");
    assert_eq!(in_language("//evil.example/x?a=1", Lang::En), "?a=1&lang=en");
    assert_eq!(in_language("/\\evil.example", Lang::En), "?lang=en");
    assert_eq!(in_language("javascript:alert(1)", Lang::Fr), "?lang=fr");
    assert_eq!(in_language("/a?x=\"><script>#y", Lang::Fr), "/a?x=%22%3E%3Cscript%3E&lang=fr");
}

#[test]
fn assets_are_served_under_a_name_that_changes_with_them() {
    let css = asset("preau.css").unwrap();
    assert_eq!(css.content_type, "text/css; charset=utf-8");
    assert!(assets::link("preau.css").ends_with(css.etag.trim_matches('"')));
    assert_eq!(asset("preau.js").unwrap().content_type, "text/javascript; charset=utf-8");
    for name in ["../messages/fr.ftl", "fr.ftl", "nothing.css", "", "x/../preau.css"] {
        assert!(asset(name).is_none(), "{name}");
    }
}

#[test]
fn a_page_is_drawn() {
    let pages = Pages::load("Mon compte École").unwrap();
    let html = pages.render(&VIEW, &NotFound {}).unwrap();
    assert!(html.contains("<title>Cette page n'existe pas – Mon compte École</title>"), "{html}");
    assert!(html.contains(r#"href="/connexion?i=abc&amp;client_id=mon+ent&amp;lang=en""#), "{html}");
}
