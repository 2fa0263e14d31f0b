"""Networks from nothing: NumPy, no autograd, each module one lesson.

Read in this order: `mcculloch_pitts`, `neuron`, `perceptron`, `xor_of_perceptrons`, `dense_forms`,
`fixed_network`, `linear_stack`; then learning: `layers`, `activations`, `losses`, `optimizers`,
`graph`, `backpropagation`, `gradient_check`; then whole systems.
"""
