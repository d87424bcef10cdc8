import pytest

from osmscope.source.layout import places


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        (
            ["manifest.json", "pods/n/p/config_dump.json", "pods/n/p/clusters.json"],
            {("n", "p", "config_dump"): 1, ("n", "p", "clusters"): 2},
        ),
        (
            ["pods/n/p/config_dump.json", "pods/n/p/stats.txt.zst"],
            {("n", "p", "config_dump"): 0, ("n", "p", "stats"): 1},
        ),
        (["mesh/pods/n/p/config_dump.json.zst"], {("n", "p", "config_dump"): 0}),
        (
            [
                "osm_bug_report_1/namespaces/n/pods/p/commands/osm_proxy_get_config_dump_p_-n_n",
                "osm_bug_report_1/namespaces/n/pods/p/commands/osm_proxy_get_clusters_p_-n_n",
                "osm_bug_report_1/namespaces/n/pods/p/commands/osm_proxy_get_stats_p_-n_n",
            ],
            {("n", "p", "config_dump"): 0, ("n", "p", "clusters"): 1, ("n", "p", "stats"): 2},
        ),
        (
            [
                "bug-report/proxies/n/p/config_dump?include_eds",
                "bug-report/proxies/n/p/clusters",
                "bug-report/proxies/n/p/stats/prometheus",
                "bug-report/proxies/n/p/istio-proxy.log",
            ],
            {("n", "p", "config_dump"): 0, ("n", "p", "clusters"): 1},
        ),
        (["x/config-dumps/n/p.json"], {("n", "p", "config_dump"): 0}),
        (
            ["a/config_dump.json", "a/clusters.txt", "b/config_dump.json.gz"],
            {
                ("", "a", "config_dump"): 0,
                ("", "a", "clusters"): 1,
                ("", "b", "config_dump"): 2,
            },
        ),
        (
            ["a.json", "a.clusters.json", "b-config_dump.json", "c.yaml.gz", "notes.txt", "x.md"],
            {
                ("", "a", "config_dump"): 0,
                ("", "a", "clusters"): 1,
                ("", "b", "config_dump"): 2,
                ("", "c", "config_dump"): 3,
            },
        ),
        (
            ["config_dump.json", "clusters.json", "pods.json", "services.json"],
            {("", "config_dump", "config_dump"): 0, ("", "config_dump", "clusters"): 1},
        ),
        (
            ["root/a.json", "root/config_dump.json"],
            {("", "a", "config_dump"): 0, ("", "config_dump", "config_dump"): 1},
        ),
        (["README"], {}),
        ([], {}),
    ],
    ids=[
        "osmscope",
        "osmscope with stats",
        "osmscope packed",
        "osm",
        "istioctl",
        "egctl",
        "a folder a pod",
        "loose",
        "one Envoy",
        "archive of loose files",
        "nothing",
        "empty",
    ],
)
def test_each_tools_folders_are_known(
    paths: list[str], found: dict[tuple[str, str, str], int]
) -> None:
    assert places(paths) == {place: paths[index] for place, index in found.items()}
