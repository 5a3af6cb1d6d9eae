"""Captions: a sentence or two for each picture of the gallery, and the captions of all pictures of the site."""

import re
from pathlib import PurePosixPath

_CREDITS = "Photographs: danielbuechele, vultilion, CC BY 2.0."
_CREDIT = "Photograph: danielbuechele, CC BY 2.0."
CAPTIONS = {  # by "recipe/file name without suffix"; pictures of docs/images by file name
    "history": "Each logged quantity over the epochs: training, and validation where it was measured.",
    "adversarial_examples/adversarial": (
        "Test digits, and the same after six attacks on a LeNet-5 trained with FGSM's examples, which withstands FGSM "
        "but not the attacks of many steps."
    ),
    "adversarial_examples/plain": (
        "Test digits, and the same after six attacks on LeNet-5. DeepFool, L-BFGS and Carlini-Wagner change them least."
    ),
    "bigan_mnist/errors": (
        "Test error of a linear classifier on the codes of a VAE, on those of the BiGAN, and on pixels. On codes of "
        "either kind it is less than half of that on pixels."
    ),
    "bigan_mnist/reconstructions": (
        "Test digits above their reconstructions by the BiGAN. Nothing compares the two in training, and many become "
        "other digits."
    ),
    "codes_as_features/errors": (
        "Test error of support vector machines on codes and on pixels, and of one autoencoder per class. Codes are "
        "the better features."
    ),
    "contractive/jacobian_norms": (
        "Mean norm of the code's Jacobian on test images, with a dot for each seed: largest for the plain autoencoder "
        "(AE), smaller for the denoising one (DAE), smallest for the contractive one (CAE)."
    ),
    "dcgan_mnist/comparison": (
        "Test images, samples of the DCGAN, and samples of a VAE trained for the same time, which are more blurred."
    ),
    "dcgan_mnist/samples": "Samples of a DCGAN of MNIST. Look for broken strokes, and for shapes that are no digit.",
    "decoder_as_memory/exchanged": (
        "Two autoencoders exchange decoders: images of one set, and their codes decoded by the decoder of the other; "
        "then the reverse. Neither draws digits: a decoder reads only the codes of its own encoder."
    ),
    "decoder_as_memory/labels": "Mean images of classes, and what a decoder makes of the labels: nearly the same.",
    "decoder_as_memory/one_image": "A digit, and what a decoder that has seen nothing else makes of a code of ones.",
    "decoder_as_memory/real_codes": "Test digits above their reconstructions by an autoencoder, from codes of images.",
    "decoder_as_memory/several_images": (
        "Digits, and what one decoder makes of a one-hot code for each: it has learned all of them by heart."
    ),
    "detect_objects/detections": (
        "Digits found among clutter: true boxes (thick, green), and boxes that were found, each with its digit and "
        "probability (orange). Most fit; pieces of clutter near a digit widen some."
    ),
    "few_images/samples": (
        "Samples of a GAN of 1,000 images, trained without augmentation (upper rows) and with it (lower rows). The "
        "difference is hard to see; the recipe measures it."
    ),
    "few_labels/errors": (
        "Test error against the number of labelled images, both on logarithmic axes. Pretraining lowers it "
        "throughout, most where labels are few."
    ),
    "fgsm_softmax/attacked": (
        "Test digits, changes of equal size along the sign of the gradient, and the attacked digits. They remain easy "
        "to read, but the network takes each for another digit."
    ),
    "filters/filters": (
        "A photograph after each filter. Where entries sum to 0 (laplacian, outline, Sobel), zero is grey and only "
        f"edges remain. {_CREDIT}"
    ),
    "find_latent/found": (
        "Test digits, the nearest images that a search finds in the GAN and in the VAE, and the VAE's "
        "reconstructions. Those of the GAN are the sharpest, the reconstructions are the most blurred."
    ),
    "find_latent/varied": (
        "Images found in the GAN (middle), moved both ways along a direction of the latent space, another in each "
        "row. The shapes change gradually."
    ),
    "gan_digits/samples": "Samples of a GAN of 8 x 8 digits. Most can be read.",
    "invert_layers/inverted": (
        "A photograph, and images found from noise that have nearly its codes in a layer of VGG-16. The deeper the "
        f"layer, the less they resemble the photograph. {_CREDIT}"
    ),
    "k_sparse_codes/filters": (
        "Weights of 100 of the hidden units; zero is grey. Most are pieces of strokes, each in one place."
    ),
    "lenet_mnist/confusion": (
        "Test digits by their class (rows) and by the class that LeNet-5 gives them (columns). Nearly all lie on the "
        "diagonal."
    ),
    "lenet_mnist/wrong": "The test digits that LeNet-5 gets wrong, each below its true and its predicted class.",
    "linear_autoencoder_is_pca/reconstructions": (
        "Test digits, and their reconstructions by PCA and by a linear autoencoder with codes of the same size: the "
        "two look alike."
    ),
    "locate_objects/objects": (
        "Digits among clutter, the pixels of the digits, and those that the network finds without and with unpooling "
        "switches. With switches, they overlap more with the true ones."
    ),
    "mixtures/ring": (
        "The data, eight normals on a ring, and samples of each variant (blue) over the centres (orange). The titles "
        "count the modes that it finds."
    ),
    "outliers/areas": (
        "Area under the ROC curve of each detector, with each digit in turn as the normal one. The legend has the "
        "means: that of the autoencoder of keras_gen is the largest."
    ),
    "outliers/worst": (
        "The ten test images with the worst scores when 9 is the normal digit, and where their reconstructions fail "
        "(bright)."
    ),
    "receptive_fields/receptive_fields": (
        "What the middle unit of each layer sees: the calculated box (white), and the gradient within it. The deeper "
        "the layer, the smaller the part of the box that holds most of the gradient."
    ),
    "super_resolution/enlarged": (
        "Photographs enlarged four times, above the originals (identity). Nearest neighbours leave blocks and bicubic "
        "interpolation blurs; edges of SRResNet and SRGAN are sharper."
    ),
    "text_to_image/samples": (
        "Eight samples for each of eight captions that were held out. Colours, sizes and tilts fit the captions; "
        "samples of one caption hardly differ."
    ),
    "tune_denoising_autoencoder/error_against_corruption": (
        "Validation error against the rate of the masking noise in training. The dashed line marks the smallest rate "
        "whose error is within one standard error of the best."
    ),
    "vae_mnist_2d/embedding": (
        "Codes of 5,000 test digits, coloured by digit. Ones, zeros and sixes have regions of their own; fours and "
        "nines overlap."
    ),
    "vae_mnist_3d/around_one_digit": (
        "A test digit (first) and samples around it, decoded from draws of its own posterior: more blurred, and "
        "nearly alike."
    ),
    "vae_mnist_3d/latent_3d": "Codes of 5,000 test digits in three dimensions, coloured by digit.",
    "what_a_cnn_sees/what_a_cnn_sees": (
        "Ten digits seen by each method (left); filters, maps, preferred images and the check of saliencies (right). "
        "The deeper the layer, the less of a digit is found from its codes."
    ),
    "coloured_digits.png": (
        "Grey digits x, their translations G(x), and the digits y in the colour of their class. Translations have the "
        "right colours."
    ),
    "colour_samples.png": (
        "Samples of a GAN of CIFAR-10, 32 x 32 pixels. Scenes and some animals and vehicles can be recognised, "
        "details cannot."
    ),
    "conditional_digits.png": "Ten samples of each class by a conditional GAN, one class per row.",
    "curve.png": (
        "A curve and its reconstructions. Those of two hidden units are straight pieces; those of four follow all of "
        "it but the ends."
    ),
    "deep_autoencoder.png": (
        "Test digits, and their reconstructions from 30 numbers by a deep autoencoder and by PCA, which blurs them."
    ),
    "denoised.png": "Noisy test digits, what a denoising autoencoder makes of them, and the clean digits.",
    "imputation.png": (
        "Test digits, the same with half of the pixels missing, and these filled by nearest neighbours and by an "
        "autoencoder. Strokes of the last row are whole."
    ),
    "interpolation.png": (
        "From a 1 to a 7: between two codes, and along the difference of the mean codes of the classes. The first "
        "path ends at the 7, the second at a 9."
    ),
    "knee.png": (
        "Validation error against code size. It falls steeply at first, then hardly; the dashed line marks the "
        "smallest size whose error is within one standard error of the best."
    ),
    "latent.png": (
        "Codes of the test digits, coloured by digit. Zeros and sixes form groups of their own; other digits overlap "
        "in the middle."
    ),
    "manifold.png": (
        "The plane of a VAE of MNIST with two latents, decoded at equal steps of probability. Digits turn gradually "
        "into their neighbours."
    ),
    "mixtures.png": (
        "The data, 25 normals on a grid, and samples of each variant (blue) over the centres (orange). Only WGAN-GP "
        "finds all 25."
    ),
    "mode_collapse.png": (
        "Modes found by a GAN and by a WGAN-GP with the same networks. Samples of the GAN end on a few of the 25 "
        "modes, those of the WGAN-GP on all."
    ),
    "optimal_discriminator.png": (
        "Densities p of the data and q of the generator, the optimal discriminator p / (p + q), and a trained one, "
        "which lies on it. Where p = q, it is 1/2."
    ),
    "optimized.jpg": (
        "A photograph and its dream; a flower and a texture like it; the photograph in the style of the flower. "
        f"{_CREDITS}"
    ),
    "reconstructions.png": (
        "Test digits above their reconstructions from two numbers. The sixes are kept, most others are blurred."
    ),
    "resampling.png": (
        "A constant image and a digit, doubled by five untrained layers. Three of them leave a checkerboard."
    ),
    "samples.png": "Samples of a VAE of 8 x 8 digits with two latents. Some are digits, some lie between two of them.",
    "sparse_filters.png": (
        "Filters of 100 hidden units, trained with the KL penalty, with L1 and with k-sparse codes. Most are pieces "
        "of strokes."
    ),
    "styles.png": "Test digits (first column), and all ten classes in the style of each: slant and thickness are kept.",
    "translated_digits.png": (
        "Digits x, their translations G(x) by a CycleGAN, the true counterparts, and the digits translated back, "
        "F(G(x))."
    ),
}
_PICTURE = re.compile(r'<p>(<img alt="([^"]*)" [^>]*>)</p>(?:\s*<p><em>((?:(?!</em>).)*)</em></p>)?', re.DOTALL)


def key(path):
    """The key in `CAPTIONS` of a picture, by its path below docs/."""
    path = PurePosixPath(path)
    if path.parts[0] == "images":
        return path.name
    return path.stem if path.stem == "history" else f"{path.parent.name}/{path.stem}"


def caption(path):
    """The caption of a picture, by its path below docs/."""
    return CAPTIONS[key(path)]


def with_captions(html):
    """The HTML of a page, with a visible caption below each picture that is a paragraph of its own.

    It is the paragraph in italics that follows the picture, or else the picture's alternative text.
    """
    return _PICTURE.sub(
        lambda found: f"<figure>{found[1]}<figcaption>{found[3] or found[2]}</figcaption></figure>", html
    )
