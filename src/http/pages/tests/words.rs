//! Tests of the words that people read.

use super::*;

#[test]
fn faults_e6_no_page_promises_what_is_not_there_or_speaks_to_men_only() {
    let pages = pages();
    for RenderedPage { name, html, .. } in every_page(&pages).0 {
        let words = Html::parse_document(&html).root_element().text().collect::<String>().replace('\u{a0}', " ");
        for wrong in [
            "transmise",
            "en une minute",
            "in a minute",
            "partiellement conforme",
            "6e to terminale",
            "n'a qu'un fixe",
            "Il manque :",
            "n'est pas encore accepté",
            "connecté.",
            "connecté,",
            "connecté ",
            "le représentant légal des",
            "L'activation est terminée",
            "following schooling",
            "partially",
        ] {
            assert!(!words.contains(wrong), "{name}: {wrong}");
        }
        // The leaflet's own label stays as it is.
        let words = words.replace("Je suis le représentant légal de cet élève ?", "");
        for stem in ["connecté", "esponsable légal", "eprésentant légal"] {
            for (_, after) in words.match_indices(stem).map(|(at, _)| words.split_at(at + stem.len())) {
                assert!(after.starts_with("(e)"), "{name}: {stem}{}", after.chars().take(10).collect::<String>());
            }
        }
    }
}

#[test]
fn faults_e6_buttons_are_called_what_they_do_and_help_calls_them_so_in_its_language() {
    let pages = pages();
    let drawn = every_page(&pages).0;
    for lang in Lang::ALL {
        let of = |page: &str| {
            let name = format!("{page}-0-{}", lang.tag());
            Html::parse_document(&drawn.iter().find(|d| d.name == name).unwrap().html)
        };
        let help = of("http-help").root_element().text().collect::<String>().replace('\u{a0}', " ");
        for (page, button) in [("login-login", "#pas-de-compte"), ("activation-code", "summary")] {
            let label = texts(&of(page), button).concat();
            assert!(help.contains(&format!("“{label}”")) || help.contains(&format!("« {label} »")), "{lang:?} {label}");
        }
    }
}

#[test]
fn faults_e2_the_example_of_a_date_is_no_childs_of_the_demo() {
    let pages = pages();
    let example: crate::base::date::BirthDate = "2012-08-27".parse().unwrap();
    for lang in Lang::ALL {
        let hint = pages.message(lang, "child-born-hint", &[]).unwrap();
        let typed = hint.split_once("xample ").or_else(|| hint.split_once("xemple ")).unwrap().1;
        assert_eq!(crate::base::date::parse_typed(typed), Ok(example), "{hint}");
    }
    let demo = include_str!("../../../demo/rosters/families.rs");
    assert!(demo.contains("\"14\" / \"02\" / 2013") && !demo.contains("\"27\" / \"08\" / 2012"));
}

#[test]
fn the_page_on_data_counts_the_cookies_that_there_are() {
    use http::cookies::CookieName;
    // A cookie more is an arm more here, and a word more on the page.
    let number = |name: CookieName| match name {
        CookieName::Session => 1,
        CookieName::Navigation => 2,
        CookieName::Activation => 3,
        CookieName::Language => 4,
        CookieName::Device => 5,
        CookieName::Upstream => 6,
        // Set in the console only, which families do not use.
        CookieName::Administrator => 0,
    };
    assert_eq!(number(CookieName::Upstream), 6);
    let pages = pages();
    for (lang, count) in [(Lang::Fr, "Six, tous"), (Lang::En, "Six, all")] {
        let html = pages.render(&View { lang, path_and_query: "/donnees" }, &http::views::Privacy {}).unwrap();
        assert!(html.contains(count), "{lang:?}");
    }
}
