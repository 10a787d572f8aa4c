"""The recogniser's exceptions, one for each audience: who sent the picture, and who runs the system."""


class InvalidImage(ValueError):
    """The caller's picture cannot be read as a digit; the message is fit for the caller."""


class UnsupportedImage(InvalidImage):
    """The bytes are not a picture of a documented format, or they are broken."""


class ImageTooLarge(InvalidImage):
    """The picture has more bytes or pixels than are accepted."""


class NoInk(InvalidImage):
    """The picture is blank: nothing on it stands out from the paper."""


class OperatorError(RuntimeError):
    """A problem that the operator must fix; the message says what is wrong and what to do."""


class DataError(OperatorError):
    """The data set is missing, incomplete or corrupt."""


class MachineError(OperatorError):
    """What is asked for needs a machine other than this one."""


class ArtifactError(OperatorError):
    """The model, metadata or archive is missing, broken or does not belong to the others."""
