//! The commands printed by the demo, run while the demo is running (docs/threats.md#faults-e7).

use std::path::Path;

use clap::Parser as _;
use tokio::sync::watch;

use preau::bootstrap::Dependencies;
use preau::cli::{Cli, in_one_line, run};
use preau::config::Config;
use preau::crypto::PasswordCost;
use preau::demo::{Demo, DemoListeners, EXAMPLE_COMMANDS, Ports};

#[tokio::test]
async fn faults_e7_the_commands_that_the_demo_prints_work_beside_it() {
    let data = tempfile::tempdir().unwrap();
    let deployment = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/occitanie");
    let doors = DemoListeners::bind(Ports::FREE).unwrap();
    let around = Dependencies { password_cost: PasswordCost::TEST, ..Dependencies::production() };
    let demo = Box::pin(Demo::prepare(doors, (data.path(), false), &deployment, around)).await.unwrap();
    let file = data.path().join("preau.toml");
    let text = |config: &Config| serde_json::to_value(config).unwrap();
    assert_eq!(text(&Config::load(Some(&file)).unwrap()), text(&demo.app().config), "what it runs with");
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(Box::pin(demo.run(stopped)));
    for words in EXAMPLE_COMMANDS.into_iter().chain([
        "client show bourses",
        "keys list",
        "sms status",
        "campaign close --uai 0349999J",
    ]) {
        let config = file.display().to_string();
        let line = ["preau", "--config", &config].into_iter().chain(words.split(' '));
        let mut out = Vec::new();
        let done = Box::pin(run(Cli::try_parse_from(line).unwrap(), &mut out)).await;
        let said = String::from_utf8(out).unwrap();
        let done = done.unwrap_or_else(|error| panic!("{words}: {}", in_one_line(&error)));
        assert!(done, "{words}:\n{said}");
    }
    stop.send_replace(true);
    running.await.unwrap().unwrap();
}
