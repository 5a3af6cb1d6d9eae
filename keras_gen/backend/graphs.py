"""When two TensorFlow graphs compute the same."""

import hashlib

# Attributes without an influence on what is computed: they hold names, or what only the tracing needs
_OF_TRACING = (
    "_gradient_op_type", "_class", "_user_specified_name", "_output_shapes", "forward_function_name",
    "backward_function_name", "api_implements",
)  # fmt: skip


def fingerprint(graph):
    """A text that two function graphs have in common only if they compute the same: they are equal up to names."""
    definition = graph.as_graph_def()
    library = {function.signature.name: function for function in definition.library.function}
    found, numbers = hashlib.sha256(), {}

    def add(*parts):
        found.update(repr(parts).encode())

    def number(name):
        """The place of a function in the order of first uses; all that it computes is added at the first."""
        if name not in numbers:
            numbers[name] = len(numbers)
            add_function(library[name])
        return numbers[name]

    def add_function(function):
        inputs, outputs = function.signature.input_arg, function.signature.output_arg
        places = add_nodes(function.node_def, {one.name: f"argument {place}" for place, one in enumerate(inputs)})
        add(attributes(function.attr), [argument.type for argument in (*inputs, *outputs)])
        add([_renamed(function.ret[output.name], places) for output in outputs])
        add(sorted(_renamed(node, places) for node in function.control_ret.values()))

    def add_nodes(nodes, arguments):
        places = {**arguments, **{node.name: str(place) for place, node in enumerate(nodes)}}
        for node in nodes:
            op = number(node.op) if node.op in library else node.op
            add(op, [_renamed(one, places) for one in node.input], attributes(node.attr), node.device)
        return places

    def attributes(given):
        return [(key, value(given[key])) for key in sorted(given) if key not in _OF_TRACING]

    def value(attribute):
        if attribute.HasField("func"):
            return number(attribute.func.name)
        if attribute.HasField("list") and attribute.list.func:
            return [number(function.name) for function in attribute.list.func]
        return attribute.SerializeToString(deterministic=True)

    places = add_nodes(definition.node, {})
    add([_renamed(output.name, places) for output in graph.outputs])
    add(sorted(_renamed(operation.name, places) for operation in graph.control_outputs))
    return found.hexdigest()


def _renamed(tensor, places):
    """The name of a tensor or a node, such as "^a" or "b:output:0", with the place of the node for its name."""
    name, colon, output = tensor.removeprefix("^").partition(":")
    return ("^" if tensor.startswith("^") else "") + places[name] + colon + output
