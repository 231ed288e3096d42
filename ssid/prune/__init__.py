"""Make a trained network smaller without its training data.

Ours are pruned by ``ssid prune MODEL --macs 0.6``. Any other network that maps N×3×H×W images to
images of that shape, such as a dehazing network, takes these lines; ``last`` is its last layer,
``photographs`` a folder of clean photographs:

    pruned = prune_structured(network, macs=0.6)
    clean = random_crops(read_pictures(photographs), batch=4, side=64, seed=0)
    dreams = dream(hooked(network, last), clean, Dreaming(steps=50))
    for step, loss in recover(pruned.model, network, (now.images for now in dreams), steps=400):
        print(step, loss)
    torch.save((pruned.shapes, pruned.model.state_dict()), "pruned.pt")

and to load it again:

    shapes, weights = torch.load("pruned.pt", weights_only=True)
    network = narrow(Network(), shapes)
    network.load_state_dict(weights)
"""
