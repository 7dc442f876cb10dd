"""The feature network of P-FID: its sampling against naive loops, and what its file may hold."""

import pickle

import pytest
import torch

from semgrasp.errors import AssetNotFoundError, InputError
from semgrasp.metrics.pointnet_features import (
    POINTNET_VARIABLE,
    PointNetFeatures,
    ball_query,
    farthest_points,
)


@pytest.fixture(scope="module")
def network() -> PointNetFeatures:
    """Random weights, and random statistics so that normalisation does something."""
    torch.manual_seed(0)
    network = PointNetFeatures()
    for name, value in network.state_dict().items():
        if name.endswith("running_mean"):
            value.normal_(0.0, 0.1)
        if name.endswith("running_var"):
            value.uniform_(0.5, 1.5)
    return network


def clouds(count: int, points: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    cloud = torch.randn(count, points, 3, generator=generator)
    cloud = cloud - cloud.mean(1, keepdim=True)
    return cloud / cloud.norm(dim=-1).amax(1)[:, None, None]


def test_farthest_points_agree_with_a_naive_loop():
    for cloud, chosen in zip(clouds(3, 60), farthest_points(clouds(3, 60), 20), strict=True):
        expected = [0]
        while len(expected) < 20:
            gaps = [min(float((p - cloud[i]).square().sum()) for i in expected) for p in cloud]
            expected.append(max(range(60), key=lambda i: gaps[i]))
        assert chosen.tolist() == expected


def test_a_small_cloud_repeats_its_points():
    chosen = farthest_points(clouds(1, 5), 9)[0]
    assert sorted(chosen[:5].tolist()) == [0, 1, 2, 3, 4]
    assert set(chosen[5:].tolist()) == {0}


def test_ball_query_agrees_with_a_naive_loop():
    points, radius, count = clouds(2, 80), 0.4, 7
    centres = points[:, ::9]
    found = ball_query(points, centres, radius, count)
    assert found.shape == (2, 9, 7)
    for b in range(2):
        for s in range(9):
            near = [i for i in range(80) if float((points[b, i] - centres[b, s]).norm()) <= radius][
                :count
            ]
            expected = near + [near[0]] * (count - len(near))
            assert found[b, s].tolist() == expected


def test_features_of_a_cloud_do_not_depend_on_its_batch(network):
    batch = clouds(2, 600)
    alone = torch.cat([network(cloud[None]) for cloud in batch])
    torch.testing.assert_close(network(batch), alone, atol=1e-4, rtol=1e-4)
    assert alone.shape == (2, 512)


def test_training_mode_changes_nothing(network):
    batch = clouds(1, 520)
    expected = network(batch)
    network.train()
    torch.testing.assert_close(network(batch), expected)
    assert not network.bn2.training


def test_order_of_points_within_small_balls_does_not_matter(network):
    # All 120 points are centres, and no ball holds more points than it may: every order of the
    # points, the first of which is kept, makes the same groups.
    cloud = clouds(1, 300)
    spread = cloud[:, farthest_points(cloud, 120)[0]]
    order = torch.randperm(119, generator=torch.Generator().manual_seed(1)) + 1
    shuffled = spread[:, torch.cat([torch.zeros(1, dtype=torch.long), order])]
    torch.testing.assert_close(network(shuffled), network(spread), atol=1e-4, rtol=1e-4)


def test_another_order_of_a_dense_cloud_moves_its_features_less_than_another_cloud(network):
    cloud = clouds(1, 1500)
    order = torch.randperm(1500, generator=torch.Generator().manual_seed(1))
    moved = (network(cloud[:, order]) - network(cloud)).norm()
    shape = cloud * torch.tensor([1.0, 0.3, 0.3])
    assert 0 < moved < 0.5 * (network(shape) - network(cloud)).norm()


def test_features_are_those_of_a_forward_pass_written_out_by_hand(network):
    cloud = clouds(1, 40)[0]
    points, features = cloud, None
    for sa, count, radius, most in (
        (network.sa1, 512, 0.2, 32),
        (network.sa2, 128, 0.4, 64),
        (network.sa3, None, None, None),
    ):
        if count is None:
            groups = [(torch.zeros(3), list(range(len(points))))]
        else:
            index = farthest_points(points[None], count)[0].tolist()
            groups = []
            for i in index:
                near = [j for j, p in enumerate(points) if float((p - points[i]).norm()) <= radius]
                groups.append((points[i], near[:most]))
        rows, cache = [], {}
        for centre, members in groups:
            key = (tuple(centre.tolist()), tuple(members))
            if key not in cache:
                x = points[members] - centre
                if features is not None:
                    x = torch.cat([x, features[members]], dim=1)
                for conv, norm in zip(sa.mlp_convs, sa.mlp_bns, strict=True):
                    x = x @ conv.weight[:, :, 0, 0].T + conv.bias
                    x = (x - norm.running_mean) / (norm.running_var + 1e-5).sqrt()
                    x = (x * norm.weight + norm.bias).clamp(min=0)
                cache[key] = x.max(dim=0).values
            rows.append(cache[key])
        points, features = torch.stack([centre for centre, _ in groups]), torch.stack(rows)
    assert features is not None
    hidden = network.bn1(network.fc1(features)).clamp(min=0)
    expected = network.bn2(network.fc2(hidden))
    torch.testing.assert_close(network(cloud[None]), expected, atol=1e-4, rtol=1e-4)
    logits = network.fc3(expected.clamp(min=0))
    torch.testing.assert_close(network.logits(cloud[None]), logits, atol=1e-4, rtol=1e-4)


def test_names_and_sizes_are_those_of_the_public_checkpoint():
    state = PointNetFeatures().state_dict()
    assert len(state) == 9 * 7 + 2 * 7 + 2
    assert tuple(state["sa1.mlp_convs.0.weight"].shape) == (128, 3, 1, 1)
    assert tuple(state["sa2.mlp_convs.0.weight"].shape) == (256, 256 + 3, 1, 1)
    assert tuple(state["sa3.mlp_convs.2.weight"].shape) == (2048, 1024, 1, 1)
    assert tuple(state["sa3.mlp_bns.2.running_var"].shape) == (2048,)
    assert tuple(state["fc1.weight"].shape) == (1024, 2048)
    assert tuple(state["bn2.weight"].shape) == (512,)
    assert tuple(state["fc3.weight"].shape) == (40, 512)


def test_weights_come_back_from_their_file(network, tmp_path, monkeypatch):
    file = tmp_path / "pointnet.pt"
    torch.save({"model_state_dict": network.state_dict(), "epoch": 7}, file)
    batch = clouds(1, 600)
    torch.testing.assert_close(PointNetFeatures.load(file)(batch), network(batch))
    monkeypatch.setenv(POINTNET_VARIABLE, str(file))
    torch.testing.assert_close(PointNetFeatures.load()(batch), network(batch))


def test_without_a_file_the_message_says_where_to_get_it(tmp_path, monkeypatch):
    monkeypatch.delenv(POINTNET_VARIABLE, raising=False)
    with pytest.raises(AssetNotFoundError, match=r"Download https://\S+pointnet.pt .*or set"):
        PointNetFeatures.load()
    with pytest.raises(AssetNotFoundError, match=r"weights at .*absent\.pt"):
        PointNetFeatures.load(tmp_path / "absent.pt")


RAN = []


class _Code:
    def __reduce__(self):
        return (_run, ())


def _run() -> None:
    RAN.append(1)


def test_a_file_that_runs_code_is_not_opened(tmp_path):
    file = tmp_path / "pointnet.pt"
    file.write_bytes(pickle.dumps({"model_state_dict": _Code()}, protocol=2))
    with pytest.raises(InputError, match="not a file of weights, or holds more than weights"):
        PointNetFeatures.load(file)
    torch.save({"model_state_dict": _Code()}, file)
    with pytest.raises(InputError, match="is not opened"):
        PointNetFeatures.load(file)
    assert RAN == []
    file.write_bytes(b"not weights at all")
    with pytest.raises(InputError, match="is not a file of weights"):
        PointNetFeatures.load(file)


def test_weights_that_do_not_fit_are_named(network, tmp_path):
    file = tmp_path / "pointnet.pt"
    state = dict(network.state_dict())
    state["fc3.weight"] = torch.zeros(10, 512)
    del state["bn1.bias"]
    state["sa1.mlp_convs.3.weight"] = torch.zeros(1)
    torch.save({"model_state_dict": state}, file)
    with pytest.raises(InputError) as caught:
        PointNetFeatures.load(file)
    message = str(caught.value)
    assert "1 missing (bn1.bias)" in message
    assert "1 unexpected (sa1.mlp_convs.3.weight)" in message
    assert "fc3.weight (10, 512) instead of (40, 512)" in message


def test_a_bare_dictionary_is_told_what_is_wanted(network, tmp_path):
    file = tmp_path / "pointnet.pt"
    torch.save(network.state_dict(), file)
    with pytest.raises(InputError, match="under 'model_state_dict'"):
        PointNetFeatures.load(file)
