from types import SimpleNamespace

from sklearn.tree import DecisionTreeClassifier

from phytotron.figures.classic import decision_tree


def test_a_node_says_what_it_asks_and_whom_it_leaves(trained, two_classes):
    inputs, targets = (part.numpy() for part in two_classes.train)
    tree = DecisionTreeClassifier(criterion="entropy", random_state=0).fit(inputs[:, :1], targets)
    two_classes.input_names = ["width"]
    deep = DecisionTreeClassifier(max_depth=1).fit(inputs[:, :1], 1 - targets)
    model = SimpleNamespace(
        variants=["first", "second"], estimators_={"first": tree, "second": deep}
    )
    for each in (tree, model):
        (axes,) = decision_tree.draw(trained(each, data=two_classes)).axes
        root, left, right = (text.get_text() for text in axes.texts if "samples" in text.get_text())
        assert root.splitlines()[:2] == ["width <= 4.5", "entropy = 1.0"]
        assert left.splitlines()[-2:] == ["value = [3, 0]", "class = low"]
        assert right.splitlines()[-2:] == ["value = [0, 3]", "class = high"]
