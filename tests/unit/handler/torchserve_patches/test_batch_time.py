"""What a worker prints for TorchServe's Java side: nothing that nobody has declared."""

import logging
from pathlib import Path

import pytest
import ts
from ts.metrics.metric_cache_yaml_impl import MetricsCacheYamlImpl

from handler.torchserve_patches.batch_time import report_only_declared_times
from serving.settings import METRICS_CONFIG_FILE


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("config", "is_told"),
    [
        pytest.param(METRICS_CONFIG_FILE, False, id="ours"),
        pytest.param(Path(ts.__file__).with_name("configs") / "metrics.yaml", True, id="TorchServe's"),
    ],
)
def test_the_time_of_a_batch_is_told_where_it_is_declared(
    config: Path, is_told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    cache = MetricsCacheYamlImpl(config_file_path=str(config))
    cache.initialize_cache()
    cache.model_name, cache.request_ids = "mnist", {0: "id"}
    report_only_declared_times()
    cache.add_time("PredictionTime", 1.5)
    assert ("[METRICS]PredictionTime.Milliseconds:1.5|" in caplog.text) == is_told
